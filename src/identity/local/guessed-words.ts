/**
 * What passwords of people are made of, by the author's knowledge of lists that were published after break-ins: the words
 * that stand at their top, in small letters. It is no copy of such a list and far shorter than one; with the rules of
 * `password-rules.ts` it stands for what is guessed first, at a length that no word alone has.
 */
const WORDS = `
password passwort passwd passw0rd motdepasse contrasena contraseña senha parola wachtwoord heslo haslo parool salasana
secret secrets geheim letmein welcome willkommen bienvenue login logon signin enter access hello hallo hola bonjour
admin administrator root superuser sysadmin manager master system server service user username guest default test testing
tester changeme change please temp temporary demo sample example public private security secure safe trustno trust noone
qwerty qwertz azerty asdf zxcv abc abcd abcde abcdef alphabet
dragon monkey football baseball basketball soccer hockey tennis golf swimming sports player winner champion
princess prince queen king angel devil heaven lover love loveyou iloveyou iloveu forever together family baby babygirl honey
sunshine sunflower flower flowers summer winter spring autumn fall monday tuesday wednesday thursday friday saturday sunday
january february march april june july august september october november december
shadow ghost hunter killer ninja samurai warrior soldier wizard merlin phoenix tiger lion eagle panther falcon wolf bear
horse pony puppy kitty kitten cat dog fish bird snoopy mickey minnie donald pokemon pikachu naruto sonic mario zelda batman
superman spiderman ironman starwars startrek skywalker vader yoda gandalf frodo hobbit harry potter hogwarts matrix
michael jordan jennifer jessica ashley nicole daniel andrew joshua matthew thomas robert charlie george william james john
david anthony joseph richard steven kevin brian jason justin brandon tyler austin dakota taylor morgan hannah amanda
samantha elizabeth victoria maria anna laura sarah sophie emma olivia julia lisa michelle melissa stephanie alexander alex
max peter paul martin stefan andreas christian sebastian thomas klaus hans lukas leon mohammed muhammad ali ahmed
liverpool arsenal chelsea manchester barcelona madrid juventus bayern dortmund ferrari porsche mercedes yamaha honda toyota
corvette mustang camaro harley london paris berlin newyork america canada england france germany deutschland mexico brazil
cheese chocolate cookie coffee pepper ginger banana apple orange cherry lemon peanut butter sugar candy pizza
computer internet google facebook instagram twitter linkedin youtube amazon microsoft windows linux ubuntu apple iphone
android samsung nokia oracle cisco github gitlab docker kubernetes cloud network wireless wifi router office company
openai chatgpt anthropic claude gemini llama mistral copilot model models prompt token tokens apikey sallyport proxy gateway
money dollar million lucky success freedom peace happy smile music guitar piano metal rock jazz blue green black white
yellow purple silver golden diamond crystal rainbow thunder lightning storm ocean river mountain island
jesus christ god bless faith hope church allah whatever nothing something anything everything fuckyou fuckme asshole
biteme blahblah qazwsx matrix mypassword mypass thisismy myname thisis iam iamthe letme mein open sesame opensesame
correcthorsebatterystaple correct horse battery staple thequickbrownfox quickbrownfox lazydog jumpsover lorem ipsum dolor
lorem loremipsum tobeornottobe maytheforcebewithyou onceuponatime abrakadabra abracadabra supercalifragilistic
`

export const COMMON_WORDS: ReadonlySet<string> = new Set(WORDS.split(/\s+/).filter((word) => word.length >= 3))

/** Rows and columns of keyboards, along which fingers run; both ways. */
export const KEY_RUNS: readonly string[] = [
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'qsdfghjklm',
  'zxcvbnm',
  'yxcvbnm',
  'wxcvbn',
  '1234567890',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  'qazwsxedcrfvtgbyhnujmikolp',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  '!@#$%^&*()',
  '!"§$%&/()=',
  '147258369',
].flatMap((row) => [row, [...row].reverse().join('')])
