// Bytes as compressed text: for what the script contains and for the state in a link.

import { XzReadableStream } from 'xz-decompress';

export async function pack(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const packed = new Uint8Array(await through(bytes, new CompressionStream('deflate-raw')));
  let text = '';
  for (const byte of packed) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Throws if the text is damaged, or holds more than `most` bytes. */
export async function unpack(text: string, most = Infinity): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await through(bytesOf(text), new DecompressionStream('deflate-raw'), most));
}

/** What the page is built with: JSON and the module, packed as XZ. */
export async function unpackMade<T>(text: string): Promise<{ texts: T; module: Uint8Array<ArrayBuffer> }> {
  const unpacked = new XzReadableStream(new Blob([bytesOf(text)]).stream());
  const bytes = await new Response(unpacked).arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const texts = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as T;
  return { texts, module: new Uint8Array(bytes, 4 + length) };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  transform: CompressionStream | DecompressionStream,
  most = Infinity,
): Promise<ArrayBuffer> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > most) {
      await reader.cancel();
      throw new Error('too long');
    }
    parts.push(part.value as Uint8Array<ArrayBuffer>);
  }
  return new Blob(parts).arrayBuffer();
}
