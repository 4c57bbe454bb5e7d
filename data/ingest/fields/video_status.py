"""Fields of the observed states of cameras."""

from data.ingest.fields.common import TABLE_KEY
from data.ingest.fields.model import Field, Type

CAMERA_STATUS = (
    TABLE_KEY,
    Field(
        "camera_key",
        Type.CODE,
        ("设备编号", "点位编号", "设备编码", "国标编码", "摄像机编号"),
        ("device_id", "camera_id", "cam_number", "camera"),
        required=True,
    ),
    Field(
        "observed_at",
        Type.MOMENT,
        ("检测时间", "巡检时间", "观测时间", "时间", "检查时间"),
        ("time", "checked_at", "timestamp", "date"),
        required=True,
    ),
    Field(
        "state",
        Type.WORD,
        ("状态", "设备状态", "在线状态", "运行状态"),
        ("status", "is_online"),
        required=True,
        fallback="unknown",
        words={
            "working": ("正常", "在线", "1", "ON", "OK", "是", "online", "完好"),
            "down": ("故障", "离线", "2", "0", "OFF", "否", "offline", "9", "损坏", "黑屏"),
            "unknown": ("未知", "不详"),
        },
    ),
    Field("cause", Type.TEXT, ("故障原因", "原因", "故障描述"), ("reason",)),
)
