/** The three values of a condition: `unknown` (*cannot tell*) always counts against the caller. */
export type Match = 'yes' | 'no' | 'unknown'
