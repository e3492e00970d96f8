// The command "Caption the picture of this line" makes ![[dog.jpg|a dog runs on the beach]] of ![[dog.jpg]].
import decoder from '@zipcaption/lite/decoder.onnx';
import encoder from '@zipcaption/lite/encoder.onnx';
import manifest from '@zipcaption/lite/manifest.json';
import tokenizer from '@zipcaption/lite/tokenizer.json';
import { Notice, Plugin } from 'obsidian';
import { loadCaptioner } from 'zipcaption';

const model = {
  'manifest.json': manifest,
  'encoder.onnx': encoder,
  'decoder.onnx': decoder,
  'tokenizer.json': tokenizer,
};

export default class CaptionPlugin extends Plugin {
  onload() {
    this.addCommand({
      id: 'caption-line',
      name: 'Caption the picture of this line',
      editorCallback: (editor, view) => this.captionLine(editor, view.file),
    });
  }

  async captionLine(editor, note) {
    const { line } = editor.getCursor();
    const before = editor.getLine(line);
    const link = /!\[\[([^\]|]+)\]\]/.exec(before);
    const photo = link && this.app.metadataCache.getFirstLinkpathDest(link[1], note.path);
    if (!photo) {
      new Notice('There is no embedded picture without a caption in this line.');
      return;
    }
    try {
      // Loaded with the first photo, then kept.
      this.captioner ??= await loadCaptioner({ model });
      const { text } = await this.captioner.caption(await this.app.vault.readBinary(photo));
      // The line may have been edited meanwhile.
      if (editor.getLine(line) !== before) return;
      editor.setLine(line, before.replace(link[0], `![[${link[1]}|${text}]]`));
    } catch (error) {
      new Notice(error.message);
    }
  }

  onunload() {
    void this.captioner?.dispose();
  }
}
