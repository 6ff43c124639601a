"""What the columns of other systems' exports are: in English, Russian and Polish where they have them, folded.

`marks` tell a file from others: of each group, one of the names between | has to be there. Then the fields, with the columns that
become them; `skip` are columns that say nothing of the record itself.
"""

TABLES = """
[hubspot contact]
marks: record id|contact id / first name|last name / contact owner|lifecycle stage|lead status|associated
    company|create date
external_id: record id, contact id
first_name: first name
last_name: last name
email: email, work email, additional email addresses
phone: phone number, mobile phone number, whatsapp phone number
owner: contact owner
company: associated company, primary associated company, company name
company_ref: associated company ids (primary), primary associated company id, associated company ids, associated
    company id
job_title: job title
birth_date: date of birth
street: street address
city: city
region: state/region
postcode: postal code
country: country/region
created_at: create date
note: message, notes
skip: lead status, lifecycle stage, last activity date, last modified date, marketing contact status, favorite content
    topics, preferred channels, original source, associated deals, hubspot score

[hubspot company]
marks: record id|company id / company name / company owner|company domain name|create date
external_id: record id, company id
name: company name
owner: company owner
website: company domain name, website url
phone: phone number
street: street address
city: city
region: state/region
postcode: postal code
country: country/region
created_at: create date
note: description, about us
skip: last activity date, lead status, lifecycle stage, associated contacts, associated deals

[hubspot deal]
marks: record id|deal id / deal name / deal stage|pipeline
external_id: record id, deal id
title: deal name
pipeline: pipeline
stage: deal stage
amount: amount
currency: currency
expected_close: close date
owner: deal owner
contact: associated contact
contact_ref: associated contact ids
company: associated company, associated company (primary)
company_ref: associated company ids, associated company ids (primary)
created_at: create date
lost_reason: closed lost reason
source: original source
note: deal description
skip: last activity date, deal type, amount in company currency, days to close, deal probability, forecast amount

[pipedrive contact]
marks: person - name|osoba - imie i nazwisko / person - owner|person - organization|person - id|person - email -
    work|person - phone - work|osoba - organizacja
external_id: person - id, person - pipedrive system id, osoba - id
name: person - name, osoba - imie i nazwisko
first_name: person - first name
last_name: person - last name
phone: person - phone - work, person - phone - mobile, person - phone - home, person - phone - other, person - phone,
    osoba - telefon
email: person - email - work, person - email - home, person - email - other, person - email, osoba - e-mail
company: person - organization, osoba - organizacja, organization - name
company_ref: person - organization id, organization - id
owner: person - owner, osoba - wlasciciel
job_title: person - job title
birth_date: person - birthday
street: person - postal address
tags: person - label, person - labels, osoba - etykiety
created_at: person - person created, person - add time
note: person - notes
skip: person - update time, person - next activity date, person - last activity date, person - done activities, person
    - open deals, person - won deals, person - lost deals, person - closed deals, person - total activities, person -
    activities to do, person - visible to, person - email messages count, person - profile picture

[pipedrive company]
marks: organization - name|organizacja - nazwa / organization - owner|organization - address|organization -
    id|organizacja - wlasciciel
external_id: organization - id, organization - pipedrive system id, organizacja - id
name: organization - name, organizacja - nazwa
street: organization - address, organizacja - adres
city: organization - city/town/village/locality of address
region: organization - state/county of address
postcode: organization - zip/postal code of address
country: organization - country of address
website: organization - website
owner: organization - owner, organizacja - wlasciciel
tags: organization - label, organization - labels
created_at: organization - organization created, organization - add time
skip: organization - people, organization - open deals, organization - won deals, organization - lost deals,
    organization - update time, organization - next activity date, organization - last activity date

[pipedrive deal]
marks: deal - title|umowa - tytul|szansa sprzedazy - tytul / deal - stage|deal - value|deal - status|deal -
    owner|umowa - etap
external_id: deal - id, deal - pipedrive system id, umowa - id
title: deal - title, umowa - tytul, szansa sprzedazy - tytul
amount: deal - value, umowa - wartosc
currency: deal - currency of value, deal - currency, umowa - waluta
pipeline: deal - pipeline, umowa - lejek
stage: deal - stage, deal - stage (pipeline), umowa - etap
status: deal - status, umowa - status
owner: deal - owner, umowa - wlasciciel
company: deal - organization, organization, umowa - organizacja
company_ref: deal - organization id
contact: deal - contact person, contact person, umowa - osoba kontaktowa
contact_ref: deal - contact person id
expected_close: deal - expected close date
closed_at: deal - won time, deal - lost time, deal - deal closed on, deal - closed on
lost_reason: deal - lost reason
source: deal - source channel, deal - source
tags: deal - label, deal - labels
created_at: deal - deal created, deal - add time
skip: deal - probability, deal - weighted value, deal - currency of weighted value, deal - creator, deal - update
    time, deal - next activity date, deal - last activity date, deal - visible to, deal - archive status

[pipedrive lead]
marks: lead - title / lead - owner|lead - id|lead - value|lead - source
external_id: lead - id
title: lead - title
amount: lead - value
currency: lead - currency of value, lead - currency
owner: lead - owner
name: lead - contact person
company_name: lead - organization
source: lead - source, lead - source channel
tags: lead - label, lead - labels
created_at: lead - lead created

[kommo contact]
marks: work phone|рабочий телефон|telefon sluzbowy / contact's deals|full name|сделки|полное имя
    контакта|наименование|contact type|тип / responsible user|responsible|ответственный
external_id: id
name: full name, name, полное имя контакта, наименование
first_name: first name, имя
last_name: last name, фамилия
company: company, company name, компания, название компании
owner: responsible user, responsible, ответственный
created_at: created at, date created, date of creation, дата создания, дата создания контакта
tags: tags, contact tags, теги
phone: mobile phone, work phone, work direct phone, home phone, other phone, мобильный телефон, рабочий телефон,
    рабочий прямой телефон, домашний телефон, другой телефон
email: work email, personal email, private email, other email, рабочий email, личный email, другой email
job_title: position, должность
street: address, адрес
note: note, note 1, note 2, note 3, note 4, note 5, примечание, примечание 1, примечание 2, примечание 3, примечание
    4, примечание 5
skip: contact type, type, тип, created by, кем создан, кем создан контакт, contact's deals, deals, сделки, modified
    at, date modified, modified by, дата редактирования, кем редактирован, fax, факс, web, user agreement,
    пользовательское соглашение, icq, jabber, msn, google talk, skype, next task, ближайшая задача

[kommo deal]
marks: lead title|lead name|название сделки / pipeline|воронка / lead status|lead stage|stage|этап сделки
external_id: id
title: lead title, lead name, название сделки
amount: sale, sale value, lead value, budget, бюджет
owner: responsible user, responsible, ответственный
created_at: created at, date created, дата создания, дата создания сделки
closed_at: closed at, дата закрытия
tags: lead tags, tags, теги, теги сделки
stage: lead status, lead stage, stage, этап сделки
pipeline: pipeline, воронка
contact: main contact, full name, основной контакт, полное имя контакта
company: company, company name, lead company, contact's company, компания, компания контакта
contact_phone: mobile phone, work phone, work direct phone, мобильный телефон, рабочий телефон, рабочий прямой телефон
contact_email: work email, personal email, рабочий email, личный email
source: source, источник
note: note, note 1, note 2, note 3, note 4, note 5, примечание, примечание 2, примечание 3, примечание 4, примечание 5
skip: created by, кем создана сделка, modified at, modified by, дата редактирования, кем редактирована, ответственный
    за контакт, next task, ближайшая задача, fax, факс, home phone, домашний телефон, other phone, другой телефон,
    other email, другой email

[bitrix24 contact]
marks: id / first name|имя|imie / last name|фамилия|nazwisko / responsible|responsible
    person|ответственный|odpowiedzialny|osoba odpowiedzialna / contact type|тип контакта|typ kontaktu|included in
    export|экспорт|salutation|обращение|work phone|рабочий телефон|second name|middle name|отчество
external_id: id
first_name: first name, имя, imie
middle_name: middle name, second name, отчество, drugie imie
last_name: last name, фамилия, nazwisko
phone: work phone, mobile phone, mobile, home phone, phone, other phone, рабочий телефон, мобильный телефон, домашний
    телефон, телефон, другой телефон, telefon sluzbowy, telefon komorkowy, telefon
email: work e-mail, work email, home e-mail, private e-mail, e-mail, other e-mail, рабочий e-mail, частный e-mail,
    другой e-mail, sluzbowy e-mail, prywatny e-mail
company: company, компания, firma
job_title: position, должность, stanowisko
birth_date: birthday, date of birth, дата рождения, data urodzenia
owner: responsible, responsible person, ответственный, odpowiedzialny, osoba odpowiedzialna
street: address, street, адрес, улица, ulica, adres
city: city, город, населенный пункт, miasto
region: region, state / province, область, wojewodztwo
postcode: zip, zip / postal code, почтовый индекс, kod pocztowy
country: country, страна, kraj
created_at: created, created on, дата создания, utworzono, data utworzenia
note: comment, comments, комментарий, komentarz, source information, дополнительно об источнике
skip: salutation, обращение, contact type, тип контакта, typ kontaktu, source, источник, included in export, экспорт,
    created by, кем создан, modified, modified by, дата изменения, кем изменен, photo, фотография, has phone, задан
    телефон, has e-mail, задан e-mail, available to everyone, доступен для всех, created by crm form, создан
    crm-формой

[bitrix24 company]
marks: id / company name|название компании|nazwa firmy / company type|тип компании|typ firmy / responsible|responsible
    person|ответственный|odpowiedzialny|osoba odpowiedzialna
external_id: id
name: company name, название компании, nazwa firmy
phone: work phone, mobile phone, phone, рабочий телефон, мобильный телефон, телефон, telefon sluzbowy
email: work e-mail, work email, e-mail, рабочий e-mail, sluzbowy e-mail
website: corporate website, site, website, корпоративный сайт, сайт, strona internetowa
owner: responsible, responsible person, ответственный, odpowiedzialny, osoba odpowiedzialna
street: address, street address, фактический адрес, адрес, adres
city: city, город, miasto
created_at: created, created on, дата создания, data utworzenia
note: comment, comments, комментарий, komentarz
tax_id: инн, tax id, nip
skip: company type, тип компании, industry, сфера деятельности, employees, кол-во сотрудников, annual revenue, годовой
    оборот, created by, кем создана, modified, modified by, дата изменения, logo, логотип, currency, валюта

[bitrix24 deal]
marks: id / deal name|название сделки|nazwa deala|nazwa transakcji / stage|deal stage|стадия сделки|etap /
    responsible|responsible person|ответственный|osoba odpowiedzialna
external_id: id
title: deal name, название сделки, nazwa deala, nazwa transakcji
amount: total, amount, income, сумма, kwota
currency: currency, валюта, waluta
pipeline: pipeline, deal pipeline, воронка, направление, lejek
stage: stage, deal stage, стадия сделки, etap
owner: responsible, responsible person, ответственный, osoba odpowiedzialna
company: company, компания, firma
contact: contact, контакт, kontakt
expected_close: expected close date, estimated close date, предполагаемая дата закрытия, дата завершения
source: source, источник, zrodlo
created_at: created, created on, дата создания, data utworzenia
note: comment, comments, комментарий, komentarz
skip: probability, вероятность, type, тип, тип сделки, closed, сделка закрыта, start date, дата начала, created by,
    кем создана, modified, modified by, дата изменения, кем изменена, product, товар, stage group, группа стадий,
    available to everyone, доступна для всех, return customer deal, повторная сделка

[bitrix24 lead]
marks: id / lead name|название лида|nazwa leada / status|stage|статус|стадия / responsible|responsible
    person|ответственный|osoba odpowiedzialna
external_id: id
title: lead name, название лида, nazwa leada
first_name: first name, имя, imie
middle_name: middle name, second name, отчество
last_name: last name, фамилия, nazwisko
company_name: company name, название компании, nazwa firmy
phone: work phone, mobile phone, phone, рабочий телефон, мобильный телефон, телефон, telefon sluzbowy
email: work e-mail, work email, e-mail, рабочий e-mail, sluzbowy e-mail
amount: total, opportunity, возможная сумма сделки, сумма, kwota
currency: currency, валюта, waluta
source: source, источник, zrodlo
owner: responsible, responsible person, ответственный, osoba odpowiedzialna
street: address, адрес, adres
city: city, город, miasto
created_at: created, created on, дата создания, data utworzenia
note: comment, comments, комментарий, komentarz, source information, дополнительно об источнике
skip: status, stage, статус, стадия, status information, дополнительно о статусе, created by, кем создан, modified,
    modified by, дата изменения, salutation, обращение, position, должность

[odoo contact]
marks: external id|id / name|complete name|display name|nazwa wyswietlana|отображаемое имя / related
    company|parent_id|is a company|is_company|powiazana firma|sales team|company_type|company type
external_id: external id, id
name: name, display name, complete name, nazwa, nazwa wyswietlana, имя, отображаемое имя
phone: phone, mobile, telefon, komorka, телефон, моб. тел.
email: email, e-mail, эл. почта
company: related company, parent_id, parent name, company name, powiazana firma, связанная компания
company_ref: related company/external id, parent_id/id
job_title: job position, function, stanowisko, должность
owner: salesperson, user_id, sprzedawca, продавец
tax_id: tax id, vat, nip, инн
street: street, street2, ulica, ulica 2, улица
city: city, miasto, город
postcode: zip, kod pocztowy, индекс
region: state, state_id, wojewodztwo, регион
country: country, country_id, kraj, страна
tags: tags, category_id, tagi, теги
note: notes, comment, notatki
created_at: created on, create_date, data utworzenia
skip: is a company, is_company, company type, company_type, website, activities, my activity deadline, sales team,
    language, lang, color index

[odoo deal]
marks: external id|id / opportunity|opportunity name|szansa|name / stage|stage_id|etap / expected
    revenue|expected_revenue|salesperson|user_id|oczekiwany przychod
external_id: external id, id
title: opportunity, opportunity name, szansa, name
company: customer, company name, partner_name, partner_id, klient
company_ref: customer/external id, partner_id/id
contact: contact name, contact_name
contact_email: email, email_from
contact_phone: phone, mobile
amount: expected revenue, expected_revenue, oczekiwany przychod
currency: currency, company_currency
stage: stage, stage_id, etap
owner: salesperson, user_id, sprzedawca
expected_close: expected closing, date_deadline
source: source, source_id
tags: tags, tag_ids
created_at: created on, create_date
closed_at: closed date, date_closed
lost_reason: lost reason, lost_reason_id
note: notes, internal notes, description
skip: probability, priority, sales team, team_id, activities, campaign, medium, prorated revenue, city, country,
    recurring revenues

[odoo lead]
marks: external id|id / lead|lead name|opportunity|name / contact name|contact_name|email from|email_from / company
    name|partner_name|salesperson|user_id
external_id: external id, id
title: lead, lead name, opportunity, name
name: contact name, contact_name
company_name: company name, partner_name, customer
email: email, email_from, email from
phone: phone, mobile
amount: expected revenue, expected_revenue
owner: salesperson, user_id
source: source, source_id
tags: tags, tag_ids
city: city
country: country, country_id
created_at: created on, create_date
note: notes, internal notes, description
skip: sales team, team_id, activities, probability, priority, campaign, medium, stage, stage_id

[odoo company]
marks: external id|id / name|complete name|display name / is a company|is_company|company type|company_type /
    website|tax id|vat
external_id: external id, id
name: name, display name, complete name
phone: phone, mobile
email: email
website: website
owner: salesperson, user_id
tax_id: tax id, vat
street: street, street2
city: city
postcode: zip
region: state, state_id
country: country, country_id
tags: tags, category_id
note: notes, comment
created_at: created on, create_date
skip: is a company, is_company, company type, company_type, job position, related company, activities, language
"""
