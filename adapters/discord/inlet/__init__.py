"""Takes in what people do on Discord: commands, buttons, menus, forms and reactions."""
