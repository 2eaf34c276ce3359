"""Rules for how a person is reached: mobile and landline numbers, e-mail, LINE ids."""

from redaction.model import Kind
from redaction.rules.rule import LEFT_NUMBER, RIGHT_NUMBER, Check, Rule

_PHONE_GAP = r"[ .,·*_~()\-]{0,3}"
_NOT_A_DECIMAL = r"(?<![0-9][.:\-])"
_COUNTRY = rf"(?:\(?(?:\+|00)?[ .]?886\)?{_PHONE_GAP}(?:\(?0\)?)?{_PHONE_GAP})"
_LOCAL = (
    r"(?:826|836)S[2-9](?:S[0-9]){4}|(?:37|82|89)S[2-9](?:S[0-9]){5}|49S[2-9](?:S[0-9]){6}"
    r"|2S[2-8](?:S[0-9]){7}|4S[2-9](?:S[0-9]){6,7}|[35678]S[2-9](?:S[0-9]){6}"
).replace("S", r"[ .·*_~()\-]{0,3}")

_NAME_PART = r"[A-Za-z0-9](?:[A-Za-z0-9_%+\-]|\.(?=[A-Za-z0-9_])){0,63}"
# a wave in front, as in 嗨～a@b.example, folds to a dash
_LEFT_MAIL = r"(?<![A-Za-z0-9._%+])(?<![A-Za-z0-9]-)"
_LABELS = r"(?:[A-Za-z0-9\-]{1,40}\.){1,4}"
_TOP = r"[A-Za-z]{2,12}(?![A-Za-z0-9\-])"
_DOT = r"(?: ?\. ?| ?[(\[{<]? ?(?:dot|點) ?[)\]}>]? ?)"
_PROVIDERS = r"(?:gmail|yahoo|hotmail|outlook|icloud|msn|livemail|pchome|hinet|proton(?:mail)?)"

# What may stand between the word LINE and the id: particles, verbs of adding and finding, marks.
_LINE_FILLER = (
    r"(?:[ :=,.!?_/'\"()\[\]*>|~\-。、]|的|是|現|今|目|前|我|你|妳|他|她|您|它|了|新|舊|換|加|一|下|喔|哦|"
    r"唷|噢|啦|叫|為|給|改|成|帳|號|戶|搜|"
    r"尋|找|請|就|用|好|友|私|訊|聯|絡|方|式|傳|到|密|打|這|個|也|在|都|可|以|直|接|有|那|密|輸|入|查|還|"
    r"上|更|來|把|將|變|同|們|老|公|婆|媽|爸|女|男|孩|子|聊|嗎|吧|囉|欸|呀|跟|和|說|要|會|能|會|先|再|"
    r"都|不|要|"
    r"ID|saya|toi|tren|cua|la|ko|account|user|uid|name|handle|contact|is|me|my|at|add"
    r"|po|to|search|名|稱|暱|英|文|只|記|得|應|該|像|另|外|邊|裡){0,14}"
)
_LINE_WORD = (
    r"(?<![a-z0-9_])(?P<v>(?=[a-z0-9._\-]{0,19}[a-z])[a-z0-9][a-z0-9._\-]{2,18}[a-z0-9_])"
    r"(?![a-z0-9@])(?!\.[a-z0-9])"
)

# An id that no word could be: it has a digit, a dot, a dash or a low line in it.
_LINE_MARKED = _LINE_WORD.replace("(?P<v>", "(?P<v>(?=[a-z0-9._\\-]{0,19}[0-9._\\-])", 1)

# Keys of what is sent, not of whom it is sent to.
_NO_EVENT = (
    r"(?!req|trace|msg|message_id|job|event|chan|sess|group|room|bot|rep|rich|web|span|app|"
    r"batch|order|client_id)"
)


CONTACT_RULES: tuple[Rule, ...] = (
    Rule(
        "mobile",
        Kind.PHONE_MOBILE,
        (
            rf"{LEFT_NUMBER}{_NOT_A_DECIMAL}(?:{_COUNTRY}|\(?0[ *_~,\-]{{0,2}})9(?:{_PHONE_GAP}[0-9])"
            rf"{{8}}{RIGHT_NUMBER}(?!\.[0-9])"
        ),
        check=Check.PHONE,
        digits=10,
        strength=80,
    ),
    Rule(
        "mobile_contiguous",
        Kind.PHONE_MOBILE,
        rf"{LEFT_NUMBER}09[0-9]{{8}}{RIGHT_NUMBER}(?!\.[0-9])",
        check=Check.PHONE,
        digits=10,
        strength=80,
    ),
    Rule(
        "mobile_behind_id",
        Kind.PHONE_MOBILE,
        rf"(?<=[A-Z][12][0-9]{{8}})09[0-9]{{8}}{RIGHT_NUMBER}",
        not_serial=False,
        digits=19,
        strength=80,
    ),
    Rule(
        "mobile_spelled_out",
        Kind.PHONE_MOBILE,
        rf"{LEFT_NUMBER}{_NOT_A_DECIMAL}0(?:[.,/|]{{1,3}}9(?:[.,/|]{{1,3}}[0-9]){{8}}"
        rf"|9[0-9]{{2}}(?:/[0-9]{{3}}){{2}}[0-9]|9[0-9]{{2}}/[0-9]{{6}}|9[0-9]{{2}}(?:/[0-9]{{3}}){{2}})"
        rf"{RIGHT_NUMBER}",
        digits=10,
        strength=80,
    ),
    Rule(
        "mobile_with_letters",
        Kind.PHONE_MOBILE,
        r"(?<![A-Za-z0-9])[0O]9(?:[ .\-]?[0-9OIL]){8}(?![A-Za-z0-9])(?!\.[0-9])",
        digits=5,
        strength=70,
    ),
    Rule(
        "landline",
        Kind.PHONE_LANDLINE,
        rf"{LEFT_NUMBER}(?<![0-9][.:\-/])(?:{_COUNTRY}|\(?0)(?:{_LOCAL}){RIGHT_NUMBER}(?![.:][0-9])",
        check=Check.LANDLINE,
        digits=9,
        strength=70,
    ),
    Rule(
        "landline_at_home",
        Kind.PHONE_LANDLINE,
        r"(?:家裡|家用|家中|住家|住宅|室內|市內|市話|家電)(?:的?電話)?[^A-Za-z0-9\n]{0,4}"
        r"(?P<v>[2-8][0-9]{2,3}[ \-]?[0-9]{4})(?![0-9])",
        digits=7,
        words=("家", "宅", "室內", "市內", "市話"),
        strength=45,
    ),
    Rule(
        "email",
        Kind.EMAIL,
        rf"{_LEFT_MAIL}{_NAME_PART}(?: ?[@] ?| ?[(\[{{<] ?(?:at|@) ?[)\]}}>] ?){_LABELS}{_TOP}",
        check=Check.EMAIL,
        not_serial=False,
        words=("@", "at"),
        strength=95,
    ),
    Rule(
        "email_spoken",
        Kind.EMAIL,
        rf"{_LEFT_MAIL}{_NAME_PART}(?: ?[(\[{{<]? ?(?:@|小老鼠) ?[)\]}}>]? ?| at | ?[(\[{{<] "
        rf"?at ?[)\]}}>] ?)[A-Za-z0-9\-]{{1,40}}"
        rf"(?:{_DOT}[A-Za-z0-9\-]{{1,40}}){{0,3}}?{_DOT}(?:com|net|org|edu|gov|idv|tw|io|me|cc|example|"
        rf"test|invalid)"
        rf"(?:{_DOT}[A-Za-z]{{2,3}})?(?![A-Za-z0-9\-])",
        check=Check.EMAIL,
        not_serial=False,
        words=("@", "小老鼠", " at ", "(at", "[at", "{at", "<at", "( at", "[ at"),
        strength=75,
    ),
    Rule(
        "email_provider",
        Kind.EMAIL,
        rf"{_LEFT_MAIL}{_NAME_PART} ?[(\[]?(?:@|小老鼠)[)\]]? ?{_PROVIDERS}(?![A-Za-z0-9])",
        check=Check.EMAIL,
        not_serial=False,
        words=("@", "小老鼠"),
        strength=74,
    ),
    Rule(
        "line_id",
        Kind.LINE_ID,
        rf"(?:(?<![A-Za-z])line|賴|瀨|ㄌㄞˋ?){_LINE_FILLER}@?{_LINE_WORD}",
        check=Check.LINE_ID,
        not_serial=False,
        words=("line", "賴", "瀨", "ㄌㄞ"),
        strength=60,
    ),
    # 我們加賴嗎 我是kitty.2024: the word, some Chinese, then what introduces an id.
    Rule(
        "line_id_nearby",
        Kind.LINE_ID,
        rf"(?:(?<![A-Za-z])line(?![A-Za-z])(?: ?id(?![a-z]))?|賴|瀨)(?=[^\n]{{0,20}}[一-鿿])"
        rf"(?:[^A-Za-z0-9\n]{{1,14}}|[^\n]{{0,24}}?(?:帳號|(?<![A-Za-z])id|是|叫|用|加我?|搜尋?|這個|"
        rf"[換改]成|:|=)"
        rf"[ :=\"'(]{{0,3}})@?{_LINE_MARKED}",
        check=Check.LINE_ID,
        words=("line", "賴", "瀨"),
        strength=56,
    ),
    Rule(
        "line_id_first",
        Kind.LINE_ID,
        rf"{_LINE_MARKED}(?=[^A-Za-z0-9]{{0,8}}[一-鿿])[^A-Za-z0-9\n,.。]{{0,8}}(?:id[^A-Za-z0-9\n]{{0,4}})?"
        r"(?:line(?![A-Za-z])|賴)",
        check=Check.LINE_ID,
        not_serial=False,
        words=("line", "賴"),
        strength=55,
    ),
    # 我的id是summer0711，用賴加 and 可加boo.boo123（LINE）: what asks for an id in front, the word behind.
    Rule(
        "line_id_asked_first",
        Kind.LINE_ID,
        rf"(?:(?<![A-Za-z])id|帳號|加好友|可加|請加|加我|搜尋?|密我)[ :=是為叫「\"'(]{{0,3}}@?{_LINE_WORD}"
        r"(?=[^A-Za-z0-9\n]{0,10}(?:line(?![A-Za-z])|賴))",
        check=Check.LINE_ID,
        not_serial=False,
        words=("line", "賴"),
        strength=54,
    ),
    Rule(
        "line_id_asked_first_elsewhere",
        Kind.LINE_ID,
        rf"(?<![A-Za-z])id[^A-Za-z0-9\n]{{1,3}}(?:[a-z]{{1,5}} ){{0,3}}{_LINE_MARKED}"
        r"(?= (?:[a-z]{1,5} )?line(?![A-Za-z]))",
        check=Check.LINE_ID,
        not_serial=False,
        words=("line",),
        strength=54,
    ),
    # Without the word LINE: friends are added, and ids looked up, nowhere else.
    Rule(
        "line_id_of_a_friend",
        Kind.LINE_ID,
        rf"(?:加好友|加個好友|加為好友|好友id|id搜尋|搜尋id|用id[搜找加]|"
        rf"搜id)[^A-Za-z0-9\n]{{0,6}}@?{_LINE_MARKED}",
        check=Check.LINE_ID,
        not_serial=False,
        words=("好友", "id"),
        strength=53,
    ),
    Rule(
        "line_id_glued",
        Kind.LINE_ID,
        (
            r"(?:(?<=[一-鿿])line|(?<![A-Za-z])(?-i:LINE(?=[a-z]))|(?<![A-Za-z])lineid)(?P<v>(?!bot|pay|today|tv|man|age|up)"
            r"(?:[a-z]{2,12}[._\-]?[a-z]{0,8}[0-9][a-z0-9._\-]{0,10}|"
            r"[a-z]{2,12}[._\-][a-z0-9._\-]{2,12}))(?![a-z0-9@])"
        ),
        check=Check.LINE_ID,
        not_serial=False,
        words=("line",),
        strength=58,
    ),
    # In logs the word may be a value and the id that of the next key: channel=LINE to=…
    Rule(
        "line_id_of_the_next_key",
        Kind.LINE_ID,
        r"(?<![a-z])line(?:_[a-z]{2,8})?[\"']?[ ,;|:{]{1,3}[\"']?"
        rf"{_NO_EVENT}(?:[a-z]{{1,12}}_)?(?:id|to|handle|user|uid|account|acct|value|contact|name|"
        rf"sub)[\"']?[=:] ?[\"']?@?{_LINE_MARKED}",
        check=Check.LINE_ID,
        words=("line",),
        strength=57,
    ),
    # line.push fail user=minty.crow: an event of the messenger, and somebody's key in the same entry.
    Rule(
        "line_id_of_an_event",
        Kind.LINE_ID,
        r"(?<![a-z])line[._-][a-z]{2,10}[^\n=]{0,24}?[ ,{\"']"
        rf"{_NO_EVENT}[a-z_]{{0,10}}(?:user|id|to|acct|account|handle|link|contact|friend|recipient|"
        rf"name|target)"
        rf"[a-z_]{{0,5}}[\"']?[=:] ?[\"']?@?{_LINE_MARKED}",
        check=Check.LINE_ID,
        words=("line.", "line_", "line-"),
        strength=51,
    ),
    # line_id mismatch: expected kai7788, contacts(line_id) VALUES('kai7788'): English words between.
    Rule(
        "line_id_behind_english",
        Kind.LINE_ID,
        r"(?<![a-z])line[ _]?(?:id|account|user)[\"')]{0,2}[ :,]{1,3}(?:[a-z]{1,12}[ :,=(\"']{1,3}){1,3}"
        rf"@?{_LINE_MARKED}",
        check=Check.LINE_ID,
        words=("line",),
        strength=50,
    ),
    # kai7788、bob.lee3: the second of two.
    Rule(
        "line_id_of_a_second",
        Kind.LINE_ID,
        r"(?:(?<![A-Za-z])line(?![A-Za-z])|賴)[^\n]{0,12}?[a-z0-9._-]{4,20}(?:、|,| ?[和跟與及或/] ?)"
        rf"@?{_LINE_MARKED}",
        check=Check.LINE_ID,
        words=("line", "賴"),
        strength=49,
    ),
    # ice_bear01，賴可以搜到: behind a comma only with what is done with an id.
    Rule(
        "line_id_before_a_comma",
        Kind.LINE_ID,
        rf"{_LINE_MARKED}[^A-Za-z0-9\n.。]{{0,2}},[^A-Za-z0-9\n.。]{{0,6}}"
        r"(?:line(?![A-Za-z])|賴) ?(?:的|上|id|帳|加|搜|找|聯|密|換|改)",
        check=Check.LINE_ID,
        not_serial=False,
        words=("line", "賴"),
        strength=52,
    ),
    Rule(
        "line_id_numeric",
        Kind.LINE_ID,
        rf"(?:(?<![A-Za-z])line|賴) ?_?id{_LINE_FILLER}(?P<v>[0-9]{{4,20}})(?![a-z0-9])",
        not_serial=False,
        digits=4,
        words=("line", "賴"),
        strength=30,
    ),
)
