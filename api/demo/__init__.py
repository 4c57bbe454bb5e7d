"""``wangge demo``: an invented district from generated files to maps and exports."""
