"""What people are called for short: English, Russian and Polish given names.

Written down for botcrm from everyday use of the three languages; a line gives a name and the forms that stand for it. A short
form may belong to several names (Sasha, Pat), and a form in one script is found in another by its sound.
"""

from __future__ import annotations

import functools

from botcrm.core.domain.text import fold
from botcrm.core.domain.translit import sound

_ENGLISH = """\
abigail: abby gail
albert: al bert bertie
alexander: alex al sandy xander lex
alexandra: alex sandra sandy lexi
alfred: alf alfie fred
alice: ali allie
amanda: mandy
andrew: andy drew
angela: angie
anthony: tony
archibald: archie
arthur: art artie
barbara: barb babs barbie
benjamin: ben benny benji
bernard: bernie
beverly: bev
bradley: brad
caroline: carrie caro
catherine: cathy kate katie kat cat
charles: charlie chuck chas
charlotte: lottie charlie
christine: chris chrissie tina
christina: chris tina
christopher: chris kit topher
clifford: cliff
cynthia: cindy
daniel: dan danny
danielle: dani
david: dave davy
deborah: deb debbie
dennis: denny
dominic: dom nick
donald: don donnie
dorothy: dot dottie dolly
douglas: doug
edmund: ed ned eddie
edward: ed eddie ned ted teddy
eleanor: ellie nell nora
elizabeth: liz lizzie beth betty eliza bess libby betsy lisa
emily: em emmy
ernest: ernie
eugene: gene
florence: flo florrie
frances: fran fanny frankie
francis: frank frankie fran
franklin: frank
frederick: fred freddie rick
gabriel: gabe
geoffrey: geoff jeff
george: georgie
gerald: gerry jerry
gregory: greg
harold: harry hal
harriet: hattie
helen: nell ellie
henry: harry hank hal
herbert: herb bert bertie
howard: howie
isaac: ike
isabella: bella izzy
jacob: jake
jacqueline: jackie
james: jim jimmy jamie jem
janet: jan
jeffrey: jeff
jennifer: jen jenny
jeremy: jerry jem
jessica: jess jessie
joan: joanie
john: jack johnny jon
jonathan: jon jonny
joseph: joe joey
josephine: jo josie
joshua: josh
judith: judy
julia: jules
julian: jules
katherine: kate katie kathy kat kit
kathleen: kathy kath
kenneth: ken kenny
kimberly: kim
laurence: larry laurie
lawrence: larry laurie
leonard: len lenny leo
lewis: lew
lillian: lily lil
louis: lou
louise: lou
lucille: lucy
madeleine: maddie
margaret: maggie meg peggy marge madge greta rita
martha: marty
martin: marty
mary: molly polly
matilda: tilly mattie
matthew: matt matty
maximilian: max
maxwell: max
melissa: mel lissa
michael: mike mick mickey micky
michelle: shelly
mitchell: mitch
nancy: nan
natalie: nat
nathan: nate nat
nathaniel: nate nat
nicholas: nick nicky
nicole: nicky
norman: norm
oliver: ollie
olivia: liv livvy
oscar: ozzie
pamela: pam
patricia: pat patty tricia trish
patrick: pat paddy
peter: pete
philip: phil pip
phillip: phil pip
rachel: rach
raymond: ray
rebecca: becky becca
reginald: reg reggie
richard: dick rick rich ricky richie
robert: bob rob bobby robbie bert
roderick: rod
rodney: rod
roger: rodge
ronald: ron ronnie
rosemary: rose rosie
russell: russ
samantha: sam sammy
samuel: sam sammy
sandra: sandy
sarah: sally sadie
sebastian: seb
sharon: shaz
sidney: sid
simon: si
sophia: sophie
stanley: stan
stephanie: steph stephie
stephen: steve stevie
steven: steve stevie
stewart: stew
stuart: stu
susan: sue susie suzy
susanna: sue susie
suzanne: sue suzy
sylvester: sly
tabitha: tabby
terence: terry
teresa: terry tess tessa
theodore: ted teddy theo
theresa: terry tess tessa
thomas: tom tommy
timothy: tim timmy
valerie: val
vernon: vern
veronica: ronnie
victor: vic
victoria: vicky tori vic
vincent: vince vinny
virginia: ginny
walter: walt wally
wesley: wes
wilfred: wilf
william: bill will billy willy liam
winston: win
zachary: zach zack
"""

_RUSSIAN = """\
александр: саша шура саня алекс сашка санёк
александра: саша шура аля сашенька
алексей: лёша алёша лёха алекс
алёна: лена
алина: аля
алла: аллочка
анастасия: настя ася стася настенька
анатолий: толя толик
ангелина: геля лина
андрей: андрюша дрюня
анна: аня нюра анюта анечка нюша
антон: антоша тоша
антонина: тоня
аркадий: аркаша
арсений: сеня арсюша
артём: тёма артёмка
богдан: бодя даня
борис: боря
вадим: вадик
валентин: валя валик
валентина: валя
валерий: валера
валерия: лера валера
варвара: варя
василий: вася васька
василиса: вася
вера: верочка
вероника: ника
виктор: витя витёк
виктория: вика
виталий: виталик витя
владимир: вова володя вовка вовочка влад
владислав: влад владик слава
вячеслав: слава
галина: галя
геннадий: гена
георгий: гоша жора гога егор
григорий: гриша
дарья: даша дарьюшка
денис: дениска
диана: дина
дмитрий: дима митя димка
евгений: женя
евгения: женя
егор: егорка гоша
екатерина: катя катюша катенька
елена: лена алёна леночка
елизавета: лиза лизонька
ефим: фима
захар: захарка
зинаида: зина
зоя: зоенька
иван: ваня ванька
игорь: игорёк
илья: илюша
инна: инночка
иосиф: ося
ирина: ира ириша
кирилл: кирюша киря
клавдия: клава
константин: костя костик
ксения: ксюша ксеня
лариса: лара
лев: лёва
леонид: лёня
лидия: лида
любовь: люба
людмила: люда люся мила
максим: макс максимка
маргарита: рита марго
марина: мариша
мария: маша маруся машенька маня
матвей: мотя
михаил: миша мишка
надежда: надя
наталья: наташа ната наталия
никита: никитка
николай: коля
нина: ниночка
оксана: ксана ксюша
олег: олежка
ольга: оля олечка
павел: паша павлик
пётр: петя
полина: поля
раиса: рая
регина: рина
роман: рома
руслан: руся
светлана: света
семён: сёма сеня
сергей: серёжа серёга серж
софья: соня софа софия
станислав: стас слава
степан: стёпа
тамара: тома
тарас: тарасик
татьяна: таня танечка
тимофей: тима тимоша
тимур: тима
ульяна: уля
фёдор: федя
филипп: филя
эдуард: эдик
элеонора: эля нора
юлия: юля
юрий: юра
яков: яша
ярослав: ярик слава
ярослава: яра слава
"""

_POLISH = """\
adam: adaś
adrian: adi adrianek
agata: agatka
agnieszka: aga agusia
aleksander: alek olek alex
aleksandra: ola olka alex
alicja: ala alka
andrzej: jędrek andrzejek
anna: ania anka andzia
antoni: antek tosiek
antonina: tosia
barbara: basia baśka
bartłomiej: bartek
bartosz: bartek
beata: beatka
bogdan: bodzio
bogumiła: bogusia
bogusław: boguś
bożena: bożenka
bronisław: bronek
cecylia: cela
celina: cela
czesław: czesiek
damian: damianek
daniel: danielek
danuta: danka danusia
dariusz: darek
dominik: domino
dominika: domi
dorota: dorotka
edward: edek
elżbieta: ela elka bożka
emilia: emilka
eugeniusz: gienek
ewa: ewka ewunia
ewelina: ewelinka
feliks: felek
filip: filipek
franciszek: franek
gabriela: gabi gabrysia
genowefa: gienia
grażyna: grażka
grzegorz: grzesiek grześ
halina: halinka hala
hanna: hania hanka
helena: hela helenka
henryk: heniek
hieronim: hirek
ignacy: ignaś
irena: irenka irka
ireneusz: irek
iwona: iwonka
izabela: iza
jacek: jacuś
jadwiga: jadzia jaga
jakub: kuba kubuś
jan: janek jaś jasiu
janina: janka jasia
janusz: januszek
jarosław: jarek
jerzy: jurek
joanna: asia aśka joasia
jolanta: jola jolka
józef: józek
józefina: józia
julia: julka
julian: julek
justyna: justynka
kacper: kacperek
kamil: kamilek
kamila: kamilka
karol: karolek
karolina: karolinka
katarzyna: kasia kaśka kachna
kazimierz: kazik kazek
kinga: kinia
klaudia: klaudynka
konrad: konradek
kornelia: nela
krystian: krystek
krystyna: krysia kryśka
krzysztof: krzysiek krzyś
leon: leoś
leszek: lesio
lucyna: lucynka
ludwik: ludwiczek
łucja: łusia
łukasz: łukaszek
maciej: maciek
magdalena: magda madzia
maja: majka
małgorzata: gosia małgosia gośka
marcin: marcinek
marek: mareczek
maria: marysia maryśka mania
marian: maniek
marianna: marysia
mariola: mariolka
mariusz: mariuszek
marta: martusia
martyna: martynka
mateusz: mati
michalina: michasia
michał: michałek misiek
mieczysław: mietek
mikołaj: miki
mirosław: mirek
mirosława: mirka
monika: monia
natalia: nati natalka
oliwia: oliwka
patrycja: patka
patryk: patryczek
paulina: paulinka
paweł: pawełek
piotr: piotrek piotruś
przemysław: przemek
radosław: radek
rafał: rafałek
renata: renia
robert: robercik
roman: romek
rozalia: rózia
ryszard: rysiek
sebastian: seba
sławomir: sławek
stanisław: staszek stasiek staś
stanisława: stasia
stefan: stefek
stefania: stefcia
sylwester: sylwek
sylwia: sylwka
szczepan: szczepcio
szymon: szymek
tadeusz: tadek
teresa: tereska renia
tomasz: tomek
urszula: ula ulka
wacław: wacek
waldemar: waldek
wanda: wandzia
weronika: weronka nika
wiesław: wiesiek
wiesława: wiesia
wiktor: wikuś
wiktoria: wika wiki
wincenty: wicek
wiola: wioletta
wioletta: wiola
witold: witek
władysław: władek
włodzimierz: włodek
wojciech: wojtek
zbigniew: zbyszek zbych
zdzisław: zdzisiek
zofia: zosia zośka
zuzanna: zuza zuzia
zygmunt: zygmuś
"""


@functools.cache
def _names() -> dict[str, frozenset[int]]:
    """Return for the sound of each form the numbers of the names that it stands for."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(f"{_ENGLISH}{_RUSSIAN}{_POLISH}".splitlines()):
        name, _, forms = line.partition(":")
        for form in (name, *forms.split()):
            found.setdefault(sound(fold(form)), set()).add(number)
    return {form: frozenset(numbers) for form, numbers in found.items()}


def same_person_name(a: str, b: str) -> bool:
    """Tell whether two given names, by their sound, may be forms of one: `bob` and `robert`."""
    names = _names()
    left, right = names.get(a), names.get(b)
    return bool(left and right and left & right)


def is_given_name(a: str) -> bool:
    """Tell whether a word, by its sound, is a given name in the table."""
    return a in _names()
