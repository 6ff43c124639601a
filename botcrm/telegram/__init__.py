"""The Telegram front end: durable inbox, grammar, handlers, screens and keyboards."""
