// A right click on a picture in the Explorer copies it as Markdown, with its caption as alternative text.
import * as vscode from 'vscode';
import { dispose, markdownOf } from './markdown.js';

export function activate(context) {
  const command = vscode.commands.registerCommand('zipcaption.copyMarkdown', async (file) => {
    try {
      const progress = { location: vscode.ProgressLocation.Window, title: 'Captioning…' };
      const markdown = await vscode.window.withProgress(progress, () => markdownOf(file.fsPath));
      await vscode.env.clipboard.writeText(markdown);
      vscode.window.showInformationMessage(`Copied: ${markdown}`);
    } catch (error) {
      vscode.window.showErrorMessage(error.message);
    }
  });
  context.subscriptions.push(command);
}

export function deactivate() {
  return dispose();
}
