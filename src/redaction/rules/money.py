"""Rules for payment: cards and bank accounts."""

from redaction.model import Kind
from redaction.rules.rule import GAP, LEFT_NUMBER, RIGHT_NUMBER, Check, Rule

CARD_WORDS = (
    r"信用卡|金融卡|簽帳|卡號|刷卡|刷了?這?張?|卡片|卡費|"
    r"(?<![a-z])(?:visa|master(?:card)?|jcb|amex|cc|cards?|pan)(?![a-z])"
)

# Broad on purpose: a run of ten digits near talk of money is an account unless it is called a serial.
ACCOUNT_WORDS = (
    r"[帳匯款薪存領錢](?!單)|郵政|(?<![a-z])(?:a/c(?![a-z])|pay (?:to|into) )|"
    r"撥[至入款付到進]|(?<![用客門])戶(?!籍|外)|轉[到至給入過去往]|[打轉入]進|打到|入戶|局號|銀行|郵局|金融|"
    r"人頭|密碼|提款卡|存簿|[退給]到|補助|津貼|慰問金|慰助金|救助金|贖金|保證金|押金|頭期|農會|漁會|信用合作社|"
    r"中信|國泰|台新|玉山|富邦|兆豐|永豐|合庫|土銀|一銀|華銀|華南|彰銀|台銀|聯邦|元大|凱基|樂天|將來|"
    r"年金|薪轉|進(?=[ :]{0,2}[0-9])|付到|收到?款|活儲|外幣|分行|簿|代繳|扣繳|繳(?:房租|會錢|保費)|"
    r"給我錢|還我錢|贊助|捐|"
    r"信託|行庫|一卡通|街口|悠遊付|新光|陽信|安泰|上海商|渣打|匯豐|星展|花旗|王道|遠銀|遠東商|京城|板信|"
    r"台企|高銀|輸銀|"
    r"(?<![a-z])(?:[a-z]{1,12}_)?acc?(?:_?(?:no|num|number))?[\"']? ?[:=]|"
    r"(?:src|dst|from|to)_?acc\w*|rekening|tai khoan|send[^\n]{0,12}money|debit|"
    r"payout|payable|beneficiary|credited?|transfer|withdraw|salary|payroll|refund|remitt|swift|"
    r"settle|"
    r"\([0-9]{3}\)|account|acct|(?<![a-z])(?:bank|iban|atm|wire|payee|deposit)(?![a-z])|remit"
)

# The post office writes seven digits for the branch and seven for the account.
_POSTAL = r"[0-9]{6}[ \-]?[0-9]"

_BANK_CODES = "00[4-9]|01[1-8]|021|048|05[0-4]|081|10[1238]|118|147|700|80[3-9]|81[0-6]|82[2346]"

MONEY_RULES: tuple[Rule, ...] = (
    Rule(
        "credit_card",
        Kind.CREDIT_CARD,
        rf"(?<![A-Za-z0-9])(?<![0-9][.\-:])[2-6](?:{GAP}[0-9]){{12,18}}(?![A-Za-z0-9])",
        check=Check.CARD,
        digits=13,
        strength=82,
    ),
    Rule(
        "bank_account_right_behind",
        Kind.BANK_ACCOUNT,
        rf"{LEFT_NUMBER}(?<![A-Za-z])(?:\([0-9]{{3}}\) ?)?"
        rf"[0-9](?:[ ·\-._*~]{{0,2}}[0-9]){{9,17}}{RIGHT_NUMBER}(?![A-Za-z])",
        check=Check.ACCOUNT,
        near=ACCOUNT_WORDS,
        before=6,
        digits=10,
        strength=78,
    ),
    Rule(
        "bank_account",
        Kind.BANK_ACCOUNT,
        rf"{LEFT_NUMBER}(?<![A-Za-z])[0-9](?:[ ·\-._*~]{{0,2}}[0-9]){{8,17}}{RIGHT_NUMBER}(?![A-Za-z])",
        check=Check.ACCOUNT,
        near=ACCOUNT_WORDS,
        before=44,
        after=14,
        digits=9,
        strength=65,
    ),
    Rule(
        "bank_account_behind_bank_code",
        Kind.BANK_ACCOUNT,
        r"(?:代[碼號]|bank(?:_?(?:code|no|id))?)[\"']?[^A-Za-z0-9\n]{0,4}(?<![0-9])[0-9]{3}[^A-Za-z0-9\n]{1,10}"
        rf"(?P<v>[0-9](?:[ \-]?[0-9]){{8,15}}){RIGHT_NUMBER}",
        check=Check.ACCOUNT,
        not_serial=False,
        digits=12,
        words=("代碼", "代號", "bank"),
        strength=77,
    ),
    # A bank's code and an account are neighbours in a list of payments: 左…,808,0912979034418,15000
    Rule(
        "bank_account_in_a_list",
        Kind.BANK_ACCOUNT,
        rf"[,;|\t]\"?(?:{_BANK_CODES})\"?[,;|\t] ?\"?(?P<v>(?!1[67][0-9]{{8}}(?:[0-9]{{3}})?(?![0-9]))"
        r"[0-9](?:-?[0-9]){9,15})\"?(?=[,;|\t\n]|$)",
        check=Check.ACCOUNT,
        not_serial=False,
        digits=13,
        strength=81,
    ),
    Rule(
        "postal_branch",
        Kind.BANK_ACCOUNT,
        rf"(?:局號|郵局|儲金)[^A-Za-z0-9\n]{{0,6}}(?P<v>{_POSTAL}){RIGHT_NUMBER}(?![ \-][0-9])",
        digits=7,
        words=("局",),
        strength=79,
    ),
    Rule(
        "postal_account",
        Kind.BANK_ACCOUNT,
        rf"局號[^\n]{{0,24}}?帳號[^A-Za-z0-9\n]{{0,6}}(?P<v>{_POSTAL}){RIGHT_NUMBER}",
        digits=14,
        words=("局號",),
        strength=79,
    ),
)
