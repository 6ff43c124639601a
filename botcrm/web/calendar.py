"""People's calendars at their secret addresses, for the calendar programs that read them again and again."""

from hashlib import blake2b

from aiohttp import web

from botcrm.app import App
from botcrm.core.services.buffer import Buffer
from botcrm.core.services.calendars import calendar_of, feed_reader
from botcrm.core.services.ics import TYPE, calendar_file
from botcrm.core.services.reading import Reading
from botcrm.core.services.staff.people import preferences, system
from botcrm.words import Words

PATH = "/calendar/{secret}.ics"
_LONGEST_SECRET = 64


def calendar_routes(app: App) -> list[web.AbstractRouteDef]:
    """Return the route under which people's calendars are read.

    It answers 404 to a secret that is none or good no more, and 304 to who has read this very calendar.
    """

    async def answer(request: web.Request) -> web.Response:
        secret = request.match_info["secret"]
        buffer = Buffer(hooks=app.hooks, company=await preferences(app.defaults))
        anybody = Reading(system(await preferences(app.defaults)), app.now(), buffer)
        reader = await feed_reader(anybody, secret) if len(secret) <= _LONGEST_SECRET else None
        if reader is None:
            return web.Response(status=404, text="Not found\n")
        work = Reading(reader, app.now(), buffer)
        words = Words(reader.prefs, work.now)
        content = calendar_file(await calendar_of(work), words.t, words.t("CRM: {name}", name=reader.name))
        tag = f'"{blake2b(content, digest_size=16).hexdigest()}"'
        headers = {"ETag": tag, "Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex"}
        if tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        return web.Response(body=content, headers={"Content-Type": TYPE, **headers})

    return [web.get(PATH, answer)]
