"""Buttons about dictionaries: add words, rename, order, merge and delete them."""

from botcrm.core.domain.custom_errors import NoSuchWord, WordTaken
from botcrm.core.domain.errors import Stale
from botcrm.core.domain.kinds import Action
from botcrm.core.models import Choice, Draft
from botcrm.core.services.access import demand, load_any
from botcrm.core.services.custom import dictionaries
from botcrm.telegram.commands.custom_fields import dictionary_of, list_titles, lists_screen, word_card, words_list
from botcrm.telegram.context import Context
from botcrm.telegram.screens.base import Button, Screen, bold, clip, esc, lines, pack
from botcrm.telegram.screens.dictionaries import merge_screen, rename_screen, title_of

ASKS_WORDS, ASKS_WORD, ASKS_LIST = "words", "word", "word_list"


async def show_lists(ctx: Context) -> Screen:
    """Show all dictionaries."""
    return await lists_screen(ctx)


async def show_words(ctx: Context, mark: str, page: str = "0") -> Screen:
    """Show a dictionary's words."""
    return await words_list(ctx, await dictionary_of(mark), int(page))


async def show_word(ctx: Context, choice_id: str) -> Screen:
    """Show a word."""
    return await word_card(ctx, int(choice_id))


# --- adding --------------------------------------------------------------------------------------------------------------


async def ask_words(ctx: Context, mark: str) -> Screen:
    """Ask for words to add."""
    demand(ctx.work, "choice", Action.ADD)
    dictionary = await dictionary_of(mark)
    return await _ask_words(ctx, dictionary, title_of(ctx.words, dictionary, await list_titles()))


async def _ask_words(ctx: Context, dictionary: str, title: str) -> Screen:
    draft = await ctx.wait_for(ASKS_WORDS, dictionary=dictionary)
    text = lines(f"🗂 {bold(clip(title, 80))}", "✏️ " + ctx.words.t("Type the words, with commas between them."))
    return Screen(text, ([Button(ctx.words.t("Never mind"), pack("dx", draft.id))],))


async def answer_words(ctx: Context, draft: Draft, text: str) -> Screen:
    """Add typed words."""
    added = await dictionaries.add_choices(ctx.work, str(draft.data["dictionary"]), text)
    head = (
        ctx.words.n("{n} word added", "{n} words added", len(added))
        if added
        else ctx.words.t("They are there already.")
    )
    return await words_list(ctx, str(draft.data["dictionary"]), head="✅ " + head, undo=bool(added))


async def ask_list(ctx: Context) -> Screen:
    """Ask what a new dictionary is called."""
    demand(ctx.work, "choice", Action.ADD)
    draft = await ctx.wait_for(ASKS_LIST)
    text = lines(f"🗂 {bold(ctx.words.t('New list'))}", "✏️ " + ctx.words.t("Type its name."))
    return Screen(text, ([Button(ctx.words.t("Never mind"), pack("dx", draft.id))],))


async def answer_list(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take typed words as a new dictionary's name, and ask for its words."""
    demand(ctx.work, "choice", Action.ADD)
    name = dictionaries.clean_word(text)[:60]
    titles = await list_titles()
    known = await dictionaries.dictionaries()
    if any(name.casefold() in (one.casefold(), title_of(ctx.words, one, titles).casefold()) for one in known):
        raise WordTaken(name=name)
    return await _ask_words(ctx, name, name)


async def add_proposed(ctx: Context, dictionary: str, reference: str) -> Screen:
    """Add the word that stands on a record to its dictionary."""
    from botcrm.telegram.buttons.records import open_record, ref_of

    if dictionary not in dictionaries.TEXTS:
        raise NoSuchWord
    record = await load_any(ctx.work, *ref_of(reference))
    word = str(getattr(record, dictionary, None) or "")
    await dictionaries.add_choice(ctx.work, dictionary, word)
    ctx.toast(ctx.words.t("“{word}” is in the list now.", word=clip(word, 60)))
    return await open_record(ctx, reference)


# --- changing ------------------------------------------------------------------------------------------------------------


async def ask_word(ctx: Context, choice_id: str, how: str) -> Screen:
    """Ask for a word's new name: everywhere (e), or from now on (n)."""
    choice = await dictionaries.choice_of(ctx.work, int(choice_id), Action.CHANGE)
    draft = await ctx.wait_for(ASKS_WORD, choice_id=choice.id, everywhere=how == "e")
    used = await dictionaries.usage(choice)
    return rename_screen(ctx.words, choice, draft.id, everywhere=how == "e", used=used)


async def answer_word(ctx: Context, draft: Draft, text: str) -> Screen:
    """Take a typed word for another one."""
    choice = await dictionaries.choice_of(ctx.work, int(draft.data["choice_id"]), Action.CHANGE)
    old = choice.name
    if not draft.data["everywhere"]:
        new = await dictionaries.replace_choice(ctx.work, choice.id, text)
        return await word_card(
            ctx, new.id, head="✅ " + ctx.words.t("From now on it is “{word}”.", word=esc(new.name)), undo=True
        )
    changed = await dictionaries.rename_choice(ctx.work, choice.id, text)
    return await _rewritten(ctx, changed, "✅ " + ctx.words.t("Saved"), old)


async def _rewritten(ctx: Context, choice: Choice, head: str, old: str) -> Screen:
    """Have the records that hold the old text hold the word, as an operation that is followed in the chat."""
    operation = await dictionaries.rewrite(ctx.work, choice.dictionary, old, choice.name, chat_id=ctx.chat_id)
    if operation is None:
        return await word_card(ctx, choice.id, head=head, undo=True)
    total = int(operation.params["total"])
    used = await dictionaries.usage(choice) + total
    screen = await word_card(ctx, choice.id, head=head, undo=True, used=used)
    told = ctx.words.n(
        "{n} record is being changed, see /operations.", "{n} records are being changed, see /operations.", total
    )
    return Screen(lines(screen.text, told), screen.rows, screen.about)


async def move(ctx: Context, choice_id: str, way: str) -> Screen:
    """Move a word up (u) or down (d)."""
    choice = await dictionaries.move_choice(ctx.work, int(choice_id), way == "u")
    order = [one.name for one in await dictionaries.choices(choice.dictionary)]
    text = ", ".join(bold(name) if name == choice.name else esc(name) for name in order[:30])
    return await word_card(ctx, choice.id, head=text)


async def choose_main(ctx: Context, choice_id: str, page: str = "0") -> Screen:
    """Offer the words that another one can go into."""
    choice = await dictionaries.choice_of(ctx.work, int(choice_id), Action.CHANGE)
    others = [one for one in await dictionaries.choices(choice.dictionary) if one.id != choice.id]
    return merge_screen(ctx.words, choice, others, int(page))


async def merge(ctx: Context, choice_id: str, version: str, into: str) -> Screen:
    """Have one word go into another."""
    choice = await dictionaries.choice_of(ctx.work, int(choice_id), Action.CHANGE)
    _demand_version(choice, version)
    main = await dictionaries.merge_choice(ctx.work, choice.id, int(into))
    head = ctx.words.t("“{word}” is “{main}” now.", word=esc(choice.name), main=esc(main.name))
    return await _rewritten(ctx, main, "✅ " + head, choice.name)


async def delete(ctx: Context, choice_id: str, version: str) -> Screen:
    """Take a word out of its dictionary; one tap brings it back."""
    choice = await dictionaries.choice_of(ctx.work, int(choice_id), Action.DELETE)
    _demand_version(choice, version)
    await dictionaries.delete_choice(ctx.work, choice.id)
    head = ctx.words.t("“{word}” is gone. What has it keeps it.", word=esc(choice.name))
    return await words_list(ctx, choice.dictionary, head="🗑 " + head, undo=True)


def _demand_version(choice: Choice, version: str) -> None:
    if choice.version != int(version):
        raise Stale(entity="choice", record_id=choice.id)
