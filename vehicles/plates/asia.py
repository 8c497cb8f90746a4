"""Plates of India, China and Japan."""

from functools import partial

from vehicles.plates.family import WIKI, Colours, Family, without

_INDIAN_STATES = (
    "AN AP AR AS BR CG CH DD DL DN GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD OR PB PY RJ "
    "SK TN TR TS TG UA UK UP WB"
)
_INDIAN_COLOURS: tuple[Colours, ...] = (
    ("white", "black"), ("yellow", "black"), ("black", "yellow"), ("green", "white"),
    ("green", "yellow"),
)  # fmt: skip

INDIA = (
    Family(
        name="state",
        country="IN",
        patterns=("P N{1,2} L{1,3} NNNN",),
        codes=tuple(_INDIAN_STATES.split()),
        letters=without("IO"),
        examples=("MH12AB1234", "DL3CAB1234", "KA05M1234"),
        counter_examples=("XX12AB1234", "MHAB121234"),
        source=WIKI + "India",
        weight=0.93,
        colours=_INDIAN_COLOURS,
    ),
    Family(
        name="state_without_series",
        country="IN",
        patterns=("P NN NNNN",),
        codes=tuple(_INDIAN_STATES.split()),
        examples=("MH121234",),
        counter_examples=("XX121234", "MH12123"),
        source=WIKI + "India",
        weight=0.01,
        colours=_INDIAN_COLOURS,
    ),
    Family(
        name="bharat",
        country="IN",
        patterns=("[2-9]N [B][H] NNNN L{1,2}",),
        letters=without("IO"),
        examples=("22BH1234AA", "21BH0001A"),
        counter_examples=("22BX1234AA", "22BH123AA"),
        source=WIKI + "India",
        weight=0.03,
        colours=(("white", "black"),),
    ),
    Family(
        name="military",
        country="IN",
        patterns=("NN L NNNNNN L",),
        examples=("12B123456H",),
        counter_examples=("12B12345H",),
        source=WIKI + "India",
        weight=0.005,
        colours=(("black", "white"), ("blue", "white")),
    ),
    Family(
        name="diplomatic",
        country="IN",
        patterns=(
            "N{1,3} [C][D] N{1,3}",
            "N{1,3} [C][C] N{1,3}",
            "N{1,3} [U][N] N{1,3}",
        ),
        examples=("77CD12", "102UN4"),
        counter_examples=("77CE12",),
        source=WIKI + "India",
        weight=0.001,
        colours=(("blue", "white"),),
    ),
)

_CHINESE_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_CHINESE_SERIALS = (
    "NNNNN", "LNNNN", "NLNNN", "NNLNN", "NNNLN", "NNNNL", "LLNNN", "LNLNN", "LNNLN", "LNNNL",
    "NLLNN", "NLNLN", "NLNNL", "NNLLN", "NNLNL", "NNNLL",
)  # fmt: skip
_CHINESE_COLOURS: tuple[Colours, ...] = (
    ("blue", "white"), ("yellow", "black"), ("white", "black"), ("black", "white"),
)  # fmt: skip
_NEW_ENERGY = ("[A-HJK]NNNNN", "[A-HJK]LNNNN", "NNNNN[A-HJK]")
_SIGN = f"[{_CHINESE_PROVINCES}]"


_chinese = partial(Family, country="CN", letters=without("IO"), source=WIKI + "China")


CHINA = (
    _chinese(
        name="civil",
        weight=0.7,
        patterns=tuple(f"{_SIGN}L {serial}" for serial in _CHINESE_SERIALS),
        colours=_CHINESE_COLOURS,
        examples=("京A12345", "粤B1A234", "沪AB123C"),
        counter_examples=("京I12345", "A12345", "京AABCDE"),
    ),
    _chinese(
        name="new_energy",
        weight=0.1,
        patterns=tuple(f"{_SIGN}L {serial}" for serial in _NEW_ENERGY),
        colours=(("green", "black"),),
        examples=("粤BD12345", "京AF12345", "粤B12345D"),
        counter_examples=("粤BL12345", "粤B123456"),
    ),
    _chinese(
        name="special",
        weight=0.02,
        patterns=tuple(f"{_SIGN}L NNNN[{sign}]" for sign in "警学挂领港澳"),
        colours=(("white", "black"), ("yellow", "black"), ("black", "white")),
        examples=("京A1234警", "粤Z1234港"),
        counter_examples=("京A12345",),
    ),
    _chinese(
        name="civil_sign_unread",
        weight=0.1,
        patterns=tuple(f"L {serial}" for serial in _CHINESE_SERIALS),
        colours=_CHINESE_COLOURS,
        examples=("A12345", "B1A234"),
        counter_examples=("I12345", "京A12345", "AABCDE"),
        missing="province",
    ),
    _chinese(
        name="new_energy_sign_unread",
        weight=0.02,
        patterns=tuple(f"L {serial}" for serial in _NEW_ENERGY),
        colours=(("green", "black"),),
        examples=("BD12345", "B12345D"),
        counter_examples=("BL12345", "粤BD12345"),
        missing="province",
    ),
)
"""A reader without Chinese signs answers the rest of the plate; the province is then unknown, and
is never filled in."""

_JAPANESE_OFFICES = (
    "札幌 函館 旭川 室蘭 苫小牧 釧路 知床 帯広 北見 青森 弘前 八戸 岩手 盛岡 "
    "平泉 宮城 仙台 秋田 山形 庄内 福島 会津 郡山 白河 いわき 水戸 土浦 つくば "
    "宇都宮 那須 とちぎ 群馬 前橋 高崎 大宮 川口 所沢 川越 熊谷 春日部 越谷 "
    "千葉 成田 習志野 市川 船橋 袖ヶ浦 市原 野田 柏 松戸 品川 世田谷 練馬 杉並 "
    "板橋 足立 江東 葛飾 八王子 多摩 横浜 川崎 湘南 相模 山梨 富士山 新潟 長岡 "
    "上越 長野 松本 諏訪 富山 石川 金沢 福井 岐阜 飛騨 静岡 浜松 沼津 伊豆 "
    "名古屋 豊橋 三河 岡崎 豊田 尾張小牧 一宮 春日井 三重 鈴鹿 四日市 伊勢志摩 "
    "滋賀 京都 大阪 なにわ 和泉 堺 奈良 飛鳥 和歌山 神戸 姫路 鳥取 島根 出雲 "
    "岡山 倉敷 広島 福山 下関 山口 徳島 香川 高松 愛媛 高知 福岡 北九州 久留米 "
    "筑豊 佐賀 長崎 佐世保 熊本 大分 宮崎 鹿児島 奄美 沖縄"
)
_JAPANESE_KANA = (
    "あいうえかきくけこさすせそたちつてとなにぬねのはひふほまみむめもやゆよらりるれろわ"
)

JAPAN = (
    Family(
        name="vehicle",
        country="JP",
        patterns=(
            f"P NN? [{_JAPANESE_KANA}] [1-9]N{{0,3}}",
            f"P N[0-9ACFHKLMPXY]{{2}} [{_JAPANESE_KANA}] [1-9]N{{0,3}}",
        ),
        codes=tuple(_JAPANESE_OFFICES.split()),
        examples=("品川300あ1234", "なにわ50さ12", "横浜330ら1", "練馬30Aた4567"),
        counter_examples=("東京300あ1234", "品川300し1234", "品川300あ0123"),
        source=WIKI + "Japan",
        colours=(("white", "green"), ("yellow", "black"), ("green", "white"), ("black", "yellow")),
    ),
)
