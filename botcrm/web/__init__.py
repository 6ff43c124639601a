"""What botcrm serves over HTTP: its health and its measures."""
