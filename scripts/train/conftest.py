"""Lets the tests import the folders beside them."""
