// Common short lower-case English words: in nearly every tokenizer " word" is one token. Which of them really are, for
// a given model, is found out by calibration (calibrate-words.ts).

const text = `
about accept act again ago air along amount and appear apply army around art attack bad base become behind
big bird black body born both bread call can cell chair chance clean coast coat common couple cup day deal
degree detail die door down draw dream each east eat egg eight else end enjoy enough even event ever every
exist expect expert fact few field figure finger firm first fish follow food force fresh get good grass
green ground gun guy hard hat heat heavy her high hit hold hope how huge ice image impact indeed iron item
its just kid kill king knife lake land large lead leg less lie light lion list live lock lost lot loud love
low main major make man manage many mark may maybe member memory middle milk modern name nation near nearly
news next night none north nose often oil open other own pain paint paper path pay pencil phone pick piece
place plane player please police power price prince pull put rain raise rate red reduce relate remain report
reveal ride river rock roof run save scene score sea season sense shake short shot sign sit site size slow
smile social soft some south spring stage star start stay step storm such take tax teach ten that them
theory threat throw ticket time tooth town tree trial type under unit use valley wall warm wave weapon
weight west when where while whole why wide will wind world writer year yellow yes yet
`;

/** Candidates for a word pool. */
export const candidateWords: readonly string[] = text.trim().split(/\s+/);
