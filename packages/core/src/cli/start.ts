#!/usr/bin/env node
import module from 'node:module';

// Compiled code is kept from one start to the next, where Node can (22.8 and later).
module.enableCompileCache?.();
await import('./main.js');
