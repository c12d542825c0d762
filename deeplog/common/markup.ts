/** Text as it may stand in HTML or SVG, within elements and attributes. */
export function escapeMarkup(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;').replace(/'/g, '&#39;');
}

/** A drawing on white as a file of its own: no font, script or image from elsewhere. Sizes in pixels. */
export function svgDocument(width: number, height: number, fontSize: number, content: readonly string[]): string {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" font-family="system-ui, Helvetica, Arial, sans-serif" font-size="${fontSize}">`,
    '<rect width="100%" height="100%" fill="#fff"/>', ...content, '</svg>', '',
  ].join('\n');
}
