"""Names of fields as files have them, folded: in English, Russian, Ukrainian, Polish, German, French, Spanish, Japanese and Chinese."""

WORDS = """
name: name, full name, fullname, display name, contact name, person, contact, client, customer, фио, полное имя, имя и
    фамилия, контакт, клиент, имя клиента, наименование, imie i nazwisko, nazwa, osoba, kontakt, klient, піб, ім'я,
    vollstandiger name, nom complet, nombre completo, nombre, 氏名, 名前, お名前, 姓名
first_name: first name, firstname, given name, givenname, forename, имя, imie, ім'я, vorname, prenom, 名, given_name
middle_name: middle name, second name, patronymic, отчество, drugie imie, по батькові, zweiter vorname
last_name: last name, lastname, surname, family name, familyname, фамилия, nazwisko, прізвище, nachname, nom, nom de
    famille, apellido, apellidos, 姓
phone: phone, phone number, telephone, tel, mobile, mobile phone, cell, cell phone, work phone, home phone, other
    phone, whatsapp, mobile number, telephone number, cell number, contact number,
    телефон, номер телефона, мобильный, мобильный телефон, рабочий телефон, тел, сотовый, telefon, nr
    telefonu, numer telefonu, komorka, telefon komorkowy, мобільний, handy, mobil, telefonnummer, rufnummer, portable,
    telephone portable, telefono, movil, 電話, 電話番号, 携帯, 手机, 电话
email: email, e-mail, e mail, mail, email address, e-mail address, work email, personal email, other email, почта, эл.
    почта, электронная почта, имейл, адрес электронной почты, adres e-mail, poczta, adres email, пошта, adresse
    e-mail, courriel, correo, correo electronico, メール, メールアドレス, 邮箱
company: company, company name, organization, organisation, account, account name, employer, firm, компания,
    организация, название компании, firma, nazwa firmy, organizacja, przedsiebiorstwo, компанія, організація,
    unternehmen, organisation, societe, entreprise, empresa, 会社, 会社名, 公司
company_ref: company id, organization id, account id, id компании, id firmy, company external id
job_title: job title, position, role, job, occupation, title, должность, stanowisko, посада, stelle, beruf, fonction,
    poste, cargo, 役職, 職位
birth_date: birthday, birth date, birthdate, date of birth, dob, день рождения, дата рождения, data urodzenia,
    urodziny, дата народження, geburtsdatum, geburtstag, date de naissance, fecha de nacimiento, 生年月日, 誕生日,
    date_of_birth
tax_id: tax id, tax number, vat, vat number, vat id, taxpayer id, taxpayer number, vat registration number,
    nip, pesel, инн, tin, ssn, social security number, soc sec id,
    steuernummer, ust-idnr, siret, nif, cif, id tax, soc_sec_id, tax_id, edrpou, єдрпоу
telegram_id: telegram id, telegram_id, id telegram
street: street, street address, address, address line 1, address line 2, address 1, address 2, street number, street
    name, house number, адрес, улица, ulica, adres, ulica i numer, вулиця, адреса, strasse, adresse, rue, calle,
    direccion, 住所, 地址, street_number, address_1, address_2
city: city, town, suburb, locality, place, город, населенный пункт, miasto, miejscowosc, місто, stadt, ort, ville,
    ciudad, 市区町村, 都市
postcode: postcode, post code, zip, zip code, postal code, почтовый индекс, индекс, kod pocztowy, kod, поштовий
    індекс, plz, postleitzahl, code postal, codigo postal, 郵便番号, 邮编
region: region, state, province, county, state/region, state/province, область, регион, край, wojewodztwo, bundesland,
    region, provincia, 都道府県
country: country, country/region, страна, kraj, panstwo, країна, land, pays, pais, 国
website: website, web site, web, site, url, homepage, www, domain, company domain name, сайт, веб-сайт, strona, strona
    www, strona internetowa, webseite, site web, sitio web, ウェブサイト
tags: tags, tag, labels, label, segments, groups, теги, тег, метки, tagi, etykiety, теги клиента, schlagworte,
    etiquettes, etiquetas, タグ
owner: owner, responsible, responsible person, responsible user, assigned to, account owner, contact owner, manager,
    sales rep, salesperson, ответственный, менеджер, владелец, wlasciciel, opiekun, odpowiedzialny, handlowiec,
    відповідальний, zustandig, verantwortlich, responsable, proprietaire, propietario, 担当, 担当者
external_id: external id, external_id, id, record id, rec id, rec_id, uid, guid, source id, crm id, номер, код, ид,
    identyfikator
created_at: created, created at, created on, create date, creation date, date created, date added, added, created_at,
    дата создания, создан, создано, data utworzenia, utworzono, дата створення, erstellt, erstellt am, date de
    creation, fecha de creacion, 作成日
note: note, notes, comment, comments, description, remark, remarks, details, примечание, примечания, комментарий,
    комментарии, заметка, заметки, описание, notatka, notatki, uwagi, komentarz, opis, примітка, коментар, notiz,
    notizen, bemerkung, kommentar, commentaire, remarques, notas, comentarios, メモ, 備考, 备注
title: title, deal, deal name, deal title, opportunity, opportunity name, lead, lead name, lead title, subject,
    request, сделка, название сделки, название, лид, название лида, тема, tytul, nazwa, szansa, szansa sprzedazy,
    transakcja, temat, назва, угода, betreff, geschaft, affaire, opportunite, negocio, titulo, 件名, 案件, 案件名
contact: contact, contact person, contact name, main contact, person, контакт, контактное лицо, основной контакт,
    клиент, kontakt, osoba kontaktowa, klient, контактна особа, ansprechpartner, 担当者名
contact_ref: contact id, person id, id контакта, id kontaktu
contact_phone: phone, phone number, mobile, телефон, telefon, contact phone
contact_email: email, e-mail, почта, contact email, contact e-mail
company_name: company, company name, organization, account, компания, организация, название компании, firma, nazwa
    firmy, organizacja
pipeline: pipeline, funnel, воронка, направление, lejek, воронка продаж, вирва
stage: stage, deal stage, status, phase, step, этап, стадия, этап сделки, статус, etap, faza, стадія, етап, phase,
    etape, etapa, ステージ
status: status, state, won/lost, deal status, состояние
amount: amount, value, deal value, price, budget, total, sum, revenue, expected revenue, deal amount, сумма, бюджет,
    стоимость, цена, kwota, wartosc, budzet, cena, сума, betrag, wert, montant, valeur, importe, valor, monto, 金額
currency: currency, валюта, waluta, wahrung, devise, moneda, 通貨
source: source, lead source, original source, channel, campaign, utm_source, источник, канал, zrodlo, kanal, джерело,
    quelle, origine, fuente, origen
expected_close: expected close, expected close date, close date, expected closing, closing date, deadline,
    предполагаемая дата закрытия, дата закрытия, планируемая дата, przewidywana data zamkniecia, data zamkniecia,
    abschlussdatum, date de cloture, fecha de cierre
closed_at: closed, closed at, closed on, won time, lost time, actual close date, закрыта, data wygrania
lost_reason: lost reason, loss reason, reason, closed lost reason, причина отказа, причина проигрыша, powod utraty,
    powod przegranej, причина
"""
