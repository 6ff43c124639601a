"""What made people are called, where they live and work: English, Polish and Russian, the last in Cyrillic and three Latin schemes."""

GIVEN = {
    "en": (
        """
James John Robert Michael William David Richard Joseph Thomas Charles Daniel Matthew Anthony Mark Steven Paul
Andrew Joshua Kenneth Kevin Brian George Edward Ronald Timothy Jason Jeffrey Ryan Jacob Gary Nicholas Eric
Stephen Jonathan Larry Justin Scott Brandon Benjamin Samuel Gregory Frank Alexander Raymond Patrick Jack
Dennis Jerry Peter Philip
""",
        """
Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Margaret Sandra
Ashley Kimberly Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Laura Sharon Cynthia
Kathleen Amy Angela Shirley Anna Brenda Pamela Emma Nicole Helen Samantha Katherine Christine Rachel Carolyn
Janet Maria Olivia Alice Joan
""",
    ),
    "pl": (
        """
Piotr Krzysztof Andrzej Tomasz Jan Paweł Michał Marcin Jakub Adam Marek Łukasz Grzegorz Mateusz Wojciech
Mariusz Dariusz Zbigniew Maciej Rafał Robert Kamil Jerzy Dawid Szymon Kacper Tadeusz Jacek Bartosz Stanisław
Józef Ryszard Henryk Artur Sebastian Damian Przemysław Roman Karol Filip Leszek Daniel Czesław Bogdan Witold
Franciszek Antoni Hubert
""",
        """
Anna Katarzyna Maria Małgorzata Agnieszka Barbara Ewa Krystyna Magdalena Elżbieta Joanna Aleksandra Zofia
Monika Teresa Danuta Natalia Karolina Marta Julia Beata Dorota Janina Alicja Jadwiga Jolanta Halina Iwona
Irena Paulina Justyna Bożena Urszula Renata Hanna Grażyna Sylwia Patrycja Helena Wiktoria Ewelina Izabela
Marianna Kinga Weronika Gabriela
""",
    ),
    "ru": (
        """
Александр Сергей Дмитрий Андрей Алексей Максим Евгений Иван Михаил Николай Владимир Павел Виктор Роман
Константин Юрий Олег Антон Игорь Илья Никита Денис Кирилл Анатолий Василий Артём Вячеслав Григорий Борис Фёдор
Пётр Степан Виталий Валерий Геннадий Станислав Леонид Тимофей Георгий Егор Матвей Семён Яков Руслан Вадим
Эдуард Тимур Глеб
""",
        """
Елена Ольга Наталья Татьяна Ирина Светлана Мария Анна Екатерина Юлия Марина Анастасия Людмила Галина Надежда
Вера Валентина Оксана Любовь Дарья Алина Нина Виктория Тамара Ксения Евгения Лариса Полина Александра Алла
Кристина Жанна Зинаида Вероника Софья Маргарита Яна Инна Лидия Раиса Антонина Диана Регина Ульяна Элина Зоя
""",
    ),
}
SHORT = {
    "Robert": "Bob",
    "William": "Bill",
    "Elizabeth": "Liz",
    "Michael": "Mike",
    "Katherine": "Kate",
    "James": "Jim",
    "Thomas": "Tom",
    "Richard": "Rick",
    "Daniel": "Dan",
    "Margaret": "Peggy",
    "Jan": "Janek",
    "Katarzyna": "Kasia",
    "Małgorzata": "Gosia",
    "Anna": "Ania",
    "Krzysztof": "Krzysiek",
    "Tomasz": "Tomek",
    "Agnieszka": "Aga",
    "Jakub": "Kuba",
    "Wojciech": "Wojtek",
    "Joanna": "Asia",
    "Александр": "Саша",
    "Дмитрий": "Дима",
    "Екатерина": "Катя",
    "Наталья": "Наташа",
    "Иван": "Ваня",
    "Михаил": "Миша",
    "Мария": "Маша",
    "Елена": "Лена",
    "Владимир": "Вова",
    "Сергей": "Серёжа",
}
PARTS = {
    "en": (
        """
Ash Black Brad Brook Burn Car Clay Cross Dun East Fair Field Ford Glen Green Hal Hart Hill Hol King Lang Law
Mar Mill New Nor Oak Pem Pres Rad Red Rich Ros Sel Shel Stan Strat Sut Thorn Wal Ward West Whit Wil Win Wood
Yar
""",
        """
bury by combe cott den ditch field ford gate ham hurst land ley man mere more ney pool ridge ridge ridge shaw
son stead stone ton tree wall ward well wick win worth wright
""",
    ),
    "pl": (
        """
Ada Bara Bory Brzez Cheł Czar Dąbr Dobr Gaj Głow Gór Gra Jabł Jan Jaw Kacz Kal Kam Koł Kow Kral Kuch Lip Łuk
Mal Mar Mich Now Ols Paw Piątk Pietr Row Sad Sob Sos Stań Szym Tom Urb Was Wiś Wójc Wron Zając Zal Ziel
""",
        """
alski owski ewski iński eński icki ecki ak czyk iak uk arz ka
""",
    ),
    "ru": (
        """
Аксён Андре Баран Бел Богдан Бур Вол Вороб Гон Горд Григор Дмитри Ерм Ефим Жук Зай Заха Зим Иван Игнат Казак
Калин Карп Ковал Коз Комар Крыл Кузн Лаврент Лебед Мак Март Мед Мороз Ник Ор Пав Петр Поляк Пруд Род Ром Сав
Сем Сид Сокол Стеф Тарас Тихон Фом Чер Шевч Щерб Яковл
""",
        """
ов ев ин ский цев ченко ич ков чук енков
""",
    ),
}
MIDDLES = {
    "en": ["", "", "er", "in", "al", "o", "en", "ar", "or", "an"],
    "ru": ["", "", "ан", "ер", "ол", "ин", "ар"],
}
STREETS = {
    "en": """
High Station Church Park Mill Queen King Victoria Green Manor Grove Chapel Spring Garden River Bridge North
South School
""",
    "pl": """
Lipowa Polna Leśna Słoneczna Krótka Szkolna Ogrodowa Łąkowa Brzozowa Kwiatowa Kościelna Parkowa Sosnowa
Zielona Długa
""",
    "ru": """
Ленина Советская Молодёжная Центральная Школьная Новая Садовая Лесная Набережная Мира Гагарина Зелёная Полевая
""",
}
CITIES = {
    "en": """
London Leeds Bristol Manchester York Oxford Sheffield Cardiff Glasgow Norwich Derby Exeter Bath Luton Hull
""",
    "pl": """
Warszawa Kraków Łódź Wrocław Poznań Gdańsk Szczecin Lublin Katowice Białystok Gdynia Radom Toruń Kielce
""",
    "ru": """
Москва Новосибирск Екатеринбург Казань Самара Омск Челябинск Уфа Пермь Волгоград Саратов Тюмень Томск
""",
}
TRADES = {
    "en": ("Roofing", "Systems", "Foods", "Partners"),
    "pl": ("Dach", "Budowa", "Serwis", "Handel"),
    "ru": ("Строй", "Сервис", "Торг", "Мебель"),
}
FORMS = {"en": ("Ltd", "Limited", "LLC", "Inc."), "pl": ("Sp. z o.o.", "sp z oo", "S.A."), "ru": ("ООО", "АО", "ЗАО")}
FREE = ("gmail.com", "outlook.com", "yahoo.com", "mail.ru", "wp.pl", "onet.pl", "icloud.com", "proton.me")
UNWRITTEN = (
    (("phone",), 0.1),
    (("email",), 0.25),
    (("birth_date",), 0.55),
    (("street", "postcode"), 0.4),
    (("city",), 0.2),
)
# Two schemes for a passport and a habit; a third of Cyrillic letters differ between them.
LATIN = {
    "passport": """
a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch ie y - e iu ia
""",
    "habit": """
a b v g d e yo zh z i y k l m n o p r s t u f h c ch sh sch - y - e yu ya
""",
    "polish": """
a b w g d e io ż z i j k l m n o p r s t u f ch c cz sz szcz - y - e ju ja
""",
}
LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
