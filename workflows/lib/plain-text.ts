/** Text for a place that renders Markdown, such as the Web UI's details: it shows as it is and links nowhere. */
export function plainText(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, '\\$&').replace(/\s+/g, ' ');
}
