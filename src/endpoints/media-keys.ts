export type Media = 'images' | 'files' | 'audio'

/** How keys end under which engines take media: `reference_images`, `first_frame_image`, `ref_audio`, `file_urls`. */
const ENDS: readonly (readonly [RegExp, readonly Media[]])[] = [
  [/images?(?:ur[li]s?|data|base64|b64)?$/, ['images']],
  [/videos?(?:ur[li]s?|data|base64|b64)?$/, ['images', 'audio']],
  [/audios?(?:ur[li]s?|data|base64|b64)?$/, ['audio']],
  [/(?:file|document|pdf)(?:ur[li]s?|data|base64|b64)$/, ['files']],
]

/** The media that a key speaks of by how it ends; null for none. `folded`: as keys are compared. */
export function mediaByEnd(folded: string): readonly Media[] | null {
  return ENDS.find(([end]) => end.test(folded))?.[1] ?? null
}
