"""The words of an evidence pack's report, in English and Thai."""

from typing import Literal

Language = Literal["en", "th"]
_INDEX: dict[Language, int] = {"en": 0, "th": 1}

_HOW_EN = (
    "Each file of this pack is named with its SHA-256 hash in manifest.json, which is signed. Get "
    "the public key from the operator of the server by another way than this pack, then run "
    "verify_evidence.py, which needs only Python: it names whatever was changed, added or removed "
    "since."
)
_HOW_TH = (
    "ไฟล์ทุกไฟล์ในชุดนี้มีค่าแฮช SHA-256 ระบุไว้ใน manifest.json ซึ่งลงนามไว้แล้ว "
    "ให้ขอกุญแจสาธารณะจากผู้ดูแลเซิร์ฟเวอร์ทางช่องทางอื่นที่ไม่ใช่ชุดหลักฐานนี้ "
    "แล้วเรียกใช้ verify_evidence.py ซึ่งต้องการเพียงภาษา Python "
    "โปรแกรมจะระบุสิ่งที่ถูกแก้ไข เพิ่ม หรือลบออกไปภายหลัง"
)
_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Evidence of licence plate recognition", "หลักฐานการอ่านป้ายทะเบียนรถ"),
    "pack": ("Pack", "ชุดหลักฐาน"),
    "organization": ("Organization", "หน่วยงาน"),
    "made_at": ("Made", "จัดทำเมื่อ"),
    "made_by": ("Made by", "จัดทำโดย"),
    "reason": ("Reason", "เหตุผล"),
    "case_number": ("Case number", "เลขคดี"),
    "count": ("Detections", "จำนวนการตรวจพบ"),
    "zone": ("Local time is", "เวลาท้องถิ่นคือ"),
    "key": ("Signed by key", "ลงนามด้วยกุญแจ"),
    "public_key": ("Public key (Ed25519)", "กุญแจสาธารณะ (Ed25519)"),
    "head": ("Head of the audit chain", "ปลายสายโซ่บันทึกการตรวจสอบ"),
    "how": (_HOW_EN, _HOW_TH),
    "warnings": ("What is not as it should be", "สิ่งที่ไม่เป็นไปตามที่ควร"),
    "all_well": (
        "All stored pictures are those that were recorded: their hashes agree.",
        "ภาพที่จัดเก็บทุกภาพตรงกับที่บันทึกไว้ ค่าแฮชตรงกันทั้งหมด",
    ),
    "detection": ("Detection", "การตรวจพบ"),
    "plate": ("Plate", "ป้ายทะเบียน"),
    "no_plate": ("no plate", "ไม่มีป้ายทะเบียน"),
    "place": ("Registered in", "จดทะเบียนที่"),
    "captured": ("Captured", "บันทึกภาพเมื่อ"),
    "recorded": ("Recorded", "บันทึกข้อมูลเมื่อ"),
    "local": ("local", "ท้องถิ่น"),
    "camera": ("Camera", "กล้อง"),
    "position": ("Position", "พิกัด"),
    "read_as": ("Read by machine as", "เครื่องอ่านได้ว่า"),
    "confidence": ("Confidence", "ความเชื่อมั่น"),
    "agreement": ("Frames that agreed", "เฟรมที่อ่านตรงกัน"),
    "of": ("of", "จาก"),
    "state": ("State", "สถานะ"),
    "origin": ("Origin", "ที่มา"),
    "vehicle": ("Vehicle", "ยานพาหนะ"),
    "frame": ("Frame that was read", "เฟรมที่ใช้อ่าน"),
    "crop": ("Plate, cut out", "ภาพป้ายทะเบียนที่ตัดออกมา"),
    "recorded_hash": ("SHA-256 when recorded", "SHA-256 เมื่อบันทึก"),
    "found_hash": ("SHA-256 now", "SHA-256 ขณะนี้"),
    "intact": ("unchanged since it was recorded", "ไม่เปลี่ยนแปลงตั้งแต่บันทึก"),
    "altered": ("NOT the picture that was recorded", "ไม่ใช่ภาพที่บันทึกไว้"),
    "missing": ("MISSING from the store of pictures", "ไม่พบภาพในที่จัดเก็บ"),
    "no_picture": ("No picture was kept with it.", "ไม่ได้เก็บภาพไว้"),
    "not_shown": ("This file cannot be shown.", "ไม่สามารถแสดงไฟล์นี้ได้"),
    "readings": ("Readings of single frames", "ผลการอ่านแต่ละเฟรม"),
    "after": ("After", "หลังจาก"),
    "text": ("Text", "ข้อความ"),
    "candidates": ("Candidates of the vote", "ตัวเลือกในการลงคะแนน"),
    "share": ("Share", "สัดส่วน"),
    "checks": ("Rules that it was held to", "เกณฑ์ที่ใช้ตัดสิน"),
    "rule": ("Rule", "เกณฑ์"),
    "reached": ("Reached", "ค่าที่ได้"),
    "limit": ("Limit", "เกณฑ์ขั้นต่ำ"),
    "models": ("Models and configuration", "แบบจำลองและการตั้งค่า"),
    "detector": ("Plate detector", "ตัวตรวจหาป้าย"),
    "reader": ("Plate reader", "ตัวอ่านป้าย"),
    "configuration": ("Camera's configuration, SHA-256", "การตั้งค่ากล้อง SHA-256"),
    "decisions": ("Decisions of people", "การตัดสินใจของเจ้าหน้าที่"),
    "no_decisions": (
        "Nobody has decided about it: this is the machine's reading.",
        "ยังไม่มีเจ้าหน้าที่ตัดสิน ข้อมูลนี้คือผลการอ่านของเครื่อง",
    ),
    "custody": ("Chain of custody", "ลำดับการครอบครองหลักฐาน"),
    "no_custody": (
        "Nobody opened or changed it before.",
        "ไม่เคยมีผู้ใดเปิดดูหรือเปลี่ยนแปลงมาก่อน",
    ),
    "time": ("Time", "เวลา"),
    "who": ("Who", "ผู้กระทำ"),
    "what": ("What", "การกระทำ"),
    "why": ("Why, from where", "เหตุผล และที่มา"),
    "page": ("Page", "หน้า"),
    "rule_accept_confidence": ("Certain enough to be accepted", "เชื่อมั่นพอที่จะยอมรับ"),
    "rule_review_confidence": ("Certain enough to be kept", "เชื่อมั่นพอที่จะเก็บไว้"),
    "rule_min_frames_agreed": ("Frames that read the same", "เฟรมที่อ่านได้เหมือนกัน"),
    "rule_min_text_length": ("Letters and digits", "จำนวนตัวอักษรและตัวเลข"),
    "rule_border_distance_px": ("Pixels to the picture's border", "พิกเซลถึงขอบภาพ"),
    "review_accepted": ("accepted by the machine", "เครื่องยอมรับ"),
    "review_pending": ("to be reviewed", "รอการตรวจทาน"),
    "review_confirmed": ("confirmed by a person", "เจ้าหน้าที่ยืนยันแล้ว"),
    "review_corrected": ("corrected by a person", "เจ้าหน้าที่แก้ไขแล้ว"),
    "review_rejected": ("rejected by a person", "เจ้าหน้าที่ปฏิเสธ"),
    "review_merged": ("merged into another", "รวมเข้ากับรายการอื่น"),
    "origin_camera": ("camera", "กล้อง"),
    "origin_upload": ("uploaded file", "ไฟล์ที่อัปโหลด"),
    "origin_ingest": ("sent by a program or device", "ส่งมาจากโปรแกรมหรืออุปกรณ์"),
    "kind_confirmed": ("confirmed", "ยืนยัน"),
    "kind_corrected": ("corrected", "แก้ไข"),
    "kind_rejected": ("rejected", "ปฏิเสธ"),
    "kind_merged": ("merged", "รวม"),
    "kind_split": ("split", "แยก"),
    "kind_undone": ("undone", "ยกเลิกการตัดสิน"),
    "action_viewed": ("opened", "เปิดดู"),
    "action_searched": ("searched", "ค้นหา"),
    "action_exported": ("exported", "ส่งออก"),
    "action_reviewed": ("reviewed", "ตรวจทาน"),
    "action_created": ("created", "สร้าง"),
    "action_changed": ("changed", "เปลี่ยนแปลง"),
    "action_deleted": ("deleted", "ลบ"),
}


def word(key: str, language: Language, *, fallback: str = "") -> str:
    """A word or sentence; `fallback`, or the end of the key, where there is none.

    >>> word("camera", "th"), word("review_unheard_of", "en")
    ('กล้อง', 'unheard of')
    """
    found = _WORDS.get(key)
    if found is not None:
        return found[_INDEX[language]]
    return fallback or key.partition("_")[2].replace("_", " ")
