// Zip: files in one, as they are, without compression (APPNOTE.TXT 6.3).

const DATE = 0x0021; // the first of January 1980: the same files give the same bytes
const UTF8 = 0x0800;

/** @param {Record<string, Uint8Array>} files name to content */
export function zipped(files) {
  /** @type {Uint8Array[]} */
  const parts = [];
  /** @type {Uint8Array[]} */
  const directory = [];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const path = new TextEncoder().encode(name);
    const common = [20, UTF8, 0, 0, DATE];
    const sizes = [crc32(content), content.length, content.length];
    const local = [record(0x04034b50, common, sizes, [path.length, 0]), path, content];
    directory.push(record(0x02014b50, [20, ...common], sizes, [path.length, 0, 0, 0, 0], [0, at]), path);
    parts.push(...local);
    at += sizeOf(local);
  }
  const n = Object.keys(files).length;
  const end = record(0x06054b50, [0, 0, n, n], [sizeOf(directory), at], [0]);
  return joined([...parts, ...directory, end]);
}

/** A signature, then numbers of two bytes and of four by turns. @param {number} signature @param {number[][]} runs */
function record(signature, ...runs) {
  const bytes = [...littleEndian(signature, 4)];
  runs.forEach((run, k) => {
    for (const number of run) bytes.push(...littleEndian(number, k % 2 ? 4 : 2));
  });
  return Uint8Array.from(bytes);
}

/** @param {number} number @param {number} n */
const littleEndian = (number, n) => Array.from({ length: n }, (_, k) => (number >>> (8 * k)) & 255);

/** @param {Uint8Array[]} parts */
const sizeOf = (parts) => parts.reduce((sum, { length }) => sum + length, 0);

/** Bytes one after the other. @param {Uint8Array[]} parts */
export function joined(parts) {
  const whole = new Uint8Array(sizeOf(parts));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let rest = -1;
  for (const byte of bytes) rest = TABLE[(rest ^ byte) & 255] ^ (rest >>> 8);
  return ~rest >>> 0;
}
