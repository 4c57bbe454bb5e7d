"""What a camera is for, by the numbers of two lists that share a name and not their meaning.

FunctionType is the camera's function in GA/T 1400 (1 车辆卡口, 3 微卡口) and the checkpoint's in
GB/T 28181-2022 (01 人脸, 03 机动车). The store keeps words.
"""

import re

from gis.video.codelists import CHECKPOINT, FUNCTION, CodeList

_LEADING = re.compile(r"0*(?=\d)")


def of_camera(text: str) -> str:
    """Functions after GA/T 1400, several with a slash between; no number of the list stays."""
    return _words(text, FUNCTION)


def of_checkpoint(text: str) -> str:
    """Functions after GB/T 28181-2022."""
    return _words(text, CHECKPOINT)


def of_either(text: str) -> str | None:
    """Functions whose list only their numbers tell: two digits are GB/T 28181's; None of one."""
    parts = [part.strip() for part in text.split("/")]
    if any(re.fullmatch(r"\d", part) for part in parts):
        return None
    return "/".join(map(of_checkpoint, parts))


def _words(text: str, known: CodeList) -> str:
    names = {_LEADING.sub("", code.number): code.zh for code in known.codes}
    parts = [part.strip() for part in text.split("/")]
    return "/".join(names.get(_LEADING.sub("", part), part) for part in parts)
