"""What plugins add to the chat: commands, buttons, routers, lines of cards; each run guarded, so that a broken one harms nobody."""
