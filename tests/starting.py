"""Starting the application without its bot."""

from botcrm.app import App


async def start_up_to_date(app: App) -> None:
    """Start it as `App.start` does, on a database that is up to date: asking it so each time takes as long as a test."""
    await app.open(migrate=False)
    await app.hooks.load()
