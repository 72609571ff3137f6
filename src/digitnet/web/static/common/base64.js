// Base64: bytes as they travel in JSON and in the page that is one file.

/** @param {string} base64 */
export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** A picture's address. @param {string} base64 a PNG */
export const pngUrl = (base64) => `data:image/png;base64,${base64}`;
