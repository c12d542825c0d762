/**
 * The words of a template: letters only, split where a name written together changes case (DataXceiver → data xceiver), in
 * lower case; wildcards, signs and whatever holds a digit (0x00df30, R27) are none. Single letters say nothing and are left out.
 */
export function wordsOf(template: string): string[] {
  const parts = template.replace(/<[^<>\s]*>|[\p{L}_]*\d[\p{L}\d_]*/gu, ' ').match(/\p{L}+/gu) ?? [];
  return parts
    .flatMap((part) => part.match(/\p{Lu}?[\p{Ll}\p{Lm}\p{Lo}]+|\p{Lu}+(?!\p{Ll})/gu) ?? [])
    .map((word) => word.toLowerCase())
    .filter((word) => word.length > 1);
}
