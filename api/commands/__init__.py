"""The ``wangge`` command's parts."""
