"""The top floor: HTTP, pages and the ``wangge`` command."""
