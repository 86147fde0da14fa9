"""HTTP routes: commands, buttons, reactions and files from pages, and the pages themselves."""
