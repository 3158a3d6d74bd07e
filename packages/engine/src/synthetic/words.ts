// The words of the synthetic vocabulary: common lower-case English, each one token in the form " word".
// A prompt of n of these words has n tokens plus a constant, which is what lets a benchmark ask for an exact length.
// Append only: the order decides token numbers, and so the bytes of every generated model.

const text = `
a able about above accept across act action activity actually add address after again against age ago agree air all
allow almost alone along already also although always among amount an and animal another answer any anyone anything
appear apply approach area arm army around arrive art article as ask at attack attention author away baby back bad bag
ball bank bar base be beat beautiful because become bed before begin behavior behind believe benefit best better
between beyond big bird bit black blood blue board body book born both bottle bottom box boy branch bread break bridge
bring brother build building business but buy by call camera can car card care carry case cat catch cause cell center
central century certain certainly chair challenge chance change chapter character charge check child children choice
choose church citizen city class clean clear clearly close cloud coach coast coat coffee cold collection college color
come common community company compare computer concern condition consider contain continue control cook copy corner
cost could country couple course court cover create crime cross crowd culture cup current customer cut dark data
daughter day dead deal dear death debate decade decide decision deep degree democratic describe design despite detail
determine develop development die difference different difficult dinner direction director discover discuss discussion
disease do doctor dog door down draw dream dress drink drive drop dry during dust each early earth east easy eat
economic economy edge education effect effort egg eight either election else employee end energy enjoy enough enter
entire environment equal especially establish even evening event ever every everybody everyone everything evidence
exactly example executive exist expect experience expert explain eye face fact factor fail fall family far farm fast
father fear feel feeling few field fight figure fill film final finally financial find fine finger finish fire firm
first fish five floor flower fly focus follow food foot for force foreign forest forget form former forward four free
fresh friend from front fruit full fund future game garden gas gate general generation get gift girl give glad glass go
goal gold good government grass gray great green ground group grow growth guess gun guy hair half hall hand hang happen
happy hard hat have he head health hear heart heat heavy help her here herself high hill him himself his history hit
hold home hope horse hospital hot hotel hour house how however huge human hundred husband ice idea identify if image
imagine impact important improve in include including increase indeed indicate individual industry information inside
instead institution interest interesting international interview into investment involve iron island issue it item its
itself job join journey just keep key kid kill kind king kitchen knee knife know knowledge lake land language large
last late later laugh law lawyer lay lead leader learn least leave left leg legal lemon less let letter level library
lie life light like likely line lion list listen little live local lock long look lose loss lost lot loud love low
lunch machine magazine main maintain major majority make man manage management many map mark market marriage master
material matter may maybe me mean measure media medical meet meeting member memory mention message metal method middle
might mile military milk million mind minute mirror miss mission model modern moment money month moon more morning most
mother mountain mouth move movement movie much music must my myself name narrow nation national natural nature near
nearly necessary neck need network never new news newspaper next nice night nine no none nor north nose not note
nothing notice now number nurse ocean occur of off offer office officer official often oh oil okay old on once one only
onto open operation opportunity option or orange order organization other others our out outside over own owner page
pain paint pair paper parent park part particular partner party pass past path patient pattern pay peace pencil people
percent perform perhaps period person phone physical pick picture piece place plan plane plant play player plate please
point police policy political poor popular population position positive possible power practice prepare present
president pressure pretty prevent price pride prince print private probably problem process produce product production
professional professor program project property protect prove provide public pull purpose push put quality question
quick quickly quiet quite race radio rain raise range rate rather reach read ready real reality realize really reason
receive recent recently recognize record red reduce reflect region relate relationship religious remain remember remove
report represent require research resource respond response rest result return reveal rice rich ride right ring rise
risk river road rock role roof room root rose round rule run safe same sand save say scene school science scientist
score sea season seat second section security see seed seek seem sell send senior sense series serious serve service
set seven several shake shape share sharp she sheep ship shirt shoe shoot short shot should shoulder show side sign
significant silver similar simple simply since sing single sister sit site situation six size skill skin sky sleep slow
small smile smoke smooth snow so social society soft soil soldier some somebody someone something sometimes son song
soon sort sound soup source south space speak special specific speech speed spend sport spring square staff stage stand
standard star start state statement station stay step still stock stone stop store storm story strategy street strong
structure student study stuff style subject success successful such suddenly suffer sugar suggest summer sun support
sure surface sweet swim system table take talk task tax tea teach teacher team technology ten tend term test than thank
that the their them themselves then theory there these they thing think third this those though thought thousand threat
three through throughout throw thus ticket time to today together tomorrow tone tonight too tool tooth top total tough
toward town trade traditional train training travel treat treatment tree trial trip trouble true trust truth try turn
twelve twenty two type under understand unit until up upon us use usually valley value various very victim view village
violence visit voice vote wait walk wall want war warm wash watch water wave way we weapon wear weather week weight
welcome well west western what whatever wheel when where whether which while white who whole whom whose why wide wife
wild will win wind window wing winter wire wish with within without woman wonder wood word work worker world worry
would write writer wrong yard year yellow yes yesterday yet you young your yourself zero
`;

/** The words, in the order of their token numbers, without duplicates. */
export const words: readonly string[] = [...new Set(text.trim().split(/\s+/))];
