"""Words and characters that stand in front of or behind a name. Data only, read by `names.finder`."""

# Words after which a name is expected.
INTRODUCING_WORDS = """
叫 名叫 叫做 我叫 叫我 是我 我是 他是 她是 他叫 她叫 姓名 名字 名字是 名字叫 全名 全名是 本名 真名
名為 名叫做 本人 人名 署名 具名 簽名 名單 抬頭 簽收人 通報人 代理人 監護人 聯絡人 申請人 當事人
負責人 承辦人 收件人 匯款人 寄件人 收款人 付款人 訂購人 委託人 保證人 連帶人 照顧者 照顧人 主責
申訴人 報案人 陳情人 關係人 相對人 被害人 加害人 行為人 嫌疑人 被告 原告 證人 求助者 來電者 致電者
來訪者 求助人 來電人 報名人 報名者 值班 紀錄 記錄人 紀錄人 填表人 戶名 戶長 案主 個案 案家 案母
案父 案兄 案弟 案姊 案妹 案妻 案夫 案女 案子 案友 案祖母 案祖父 服務對象 會員 學員 病人 病患 患者
住民 院民 長輩 里長 鄰長 村長 鄰居 里幹事 房東 房客 室友 室友叫 警員 員警 警察 法官 律師 替代役
管區 司機 店長 店員 店家 外送員 清潔員 管理員 保全 教練 隊友 繼父 繼母 生父 生母 養父 養母 乾爹
乾媽 爸爸 媽媽 父親 母親 我爸 我媽 爸 媽 哥哥 姊姊 姐姐 弟弟 妹妹 我哥 我姊 我姐 我弟 我妹 大哥
大姊 二哥 二姊 小弟 小妹 老公 老婆 丈夫 妻子 太太 配偶 先生 前夫 前妻 前男友 前女友 男友 女友
男朋友 女朋友 前任 現任 曖昧對象 未婚夫 未婚妻 情人 伴侶 對象 小三 第三者 兒子 女兒 小孩 孩子 孫子
孫女 外孫 長子 次子 長女 次女 三女 么女 么兒 大兒子 小兒子 大女兒 小女兒 媳婦 女婿 婆婆 公公 岳母
岳父 阿嬤 阿公 奶奶 爺爺 外公 外婆 祖母 祖父 叔叔 阿姨 伯伯 舅舅 姑姑 伯母 嬸嬸 舅媽 姑丈 姨丈 堂哥
堂弟 堂姊 堂妹 表哥 表弟 表姊 表妹 姪子 姪女 嫂嫂 大嫂 姊夫 妹夫 小叔 小姑 親戚 同學 同事 朋友 好友
閨蜜 麻吉 死黨 網友 學長 學姊 學弟 學妹 同伴 夥伴 搭檔 同梯 班長 副班長 排長 連長 同袍 學生 外籍生
轉學生 僑生 新生 實習生 工讀生 主管 老闆 老闆娘 雇主 上司 經理 組長 課長 科長 處長 局長 主任 校長
院長 導師 班導 老師 教授 教官 輔導老師 班導師 家教 助教 系主任 所長 社工 社工師 心理師 諮商師
諮商心理師 臨床心理師 醫師 醫生 護理師 個管師 個管員 督導 志工 專員 輔導員 輔導師 治療師 職能治療師
照服員 居服員 專線人員 同仁 藥師 看護 移工 外籍看護 保母 幫傭 轉介人 案由人 債主 仲介 業務 業者
客戶 家屬 家長 學生家長 監護權人 霸凌者 歌手 作者 收養人 遺族 死者 逝者 亡者 故人 傷者 叫作 聯繫
聯絡 找到 認識 喜歡 暗戀 想念 思念 懷念 想起 夢到 看到 遇到 碰到 遇見 撞見 見到 聽到 忘記 忘不了
封鎖 刪掉 報復 跟蹤 舉報 檢舉 控告 提告 告訴 拜託 麻煩 打給 傳給 寫給 寄給 轉給 交給 留給 欠 借給
匯給 還給 嫁給 通知 轉告 詢問 訪視 訪談 約談 照顧 照會 感謝 轉介 指派 派案 改由 安排 委託 暱稱 化名
後生 查某囝 阮某 阮翁 阮尪 阮母 阮爸 厝邊 致電 電訪 電聯 家訪
胞兄 胞姊 胞姐 胞弟 胞妹 案姐 案嫂 案媳 案孫 案孫女 案舅 案姨 案姑 案叔 案伯 案公 案婆 案岳母
案岳父 案養父 案養母
案繼父 案繼母 案前夫 案前妻 案男友 案女友 案前男友 案前女友 案同居人 案房東 案鄰居 案家屬 案長子
案次子 案長女 案次女 案外婆
案外公 案祖 案兒 案配偶 案雇主 案導師 爸叫 媽叫 哥叫 姊叫 姐叫 弟叫 妹叫 友叫 公叫 婆叫 子叫 孫叫
人叫 事叫 嬤叫 太叫 夫叫 妻叫
聲請人 失蹤人 失蹤者 走失者 抗告人 受安置人 受監護人 自殺者 施暴人 受暴人 兒少 案生 應受送達人 繼承人
同工 護佐 書記官 檢察官 觀護人 調保官 個管 諮商師 組員 幹事 秘書 助理 前輩 學伴 隊長 牧師 神父 師父 師兄
師姐 師姊 師母 乾哥 乾妹 房仲 車主 屋主 持卡人 受款人 受益人 要保人 被保險人 窗口 承租人 出租人 債務人 債權人
借款人 加害者 受害者 被害者 受暴者 施暴者 嫌犯 犯嫌 同居人 同住人 養女 養子 繼女 繼子 外甥 外甥女 侄子 侄女
媽咪 老爸 老媽 老哥 老姊 老姐 老弟 老妹 阿爸 阿母 阿兄 阿姊 阿弟 阿妹 阿舅 阿姑 阿叔 阿伯 大伯 二伯 二叔
三叔 二舅 大姑 二姑 大姨 小姨 曾祖母 乾女兒 乾兒子 前公公 前婆婆 隔壁 球友 牌友 病友 舍監 士官長 輔導長 營長
受訪者 受試者 參加者 出席者 講師 主講人 主持人 與談人 代班 候診 病人家屬 主治 住院醫師 族名 舊名
原名 改名叫 改名 藝名 乳名
簽收 收信人 署名人 見證人 法代 家管 導護 志願者 繼任 前輩叫 同鄉 教友 工頭 班頭 船長 船東 漁工 看護工
"""
INTRODUCING = frozenset(INTRODUCING_WORDS.split())

# Single characters before a name that are verbs or particles: weaker evidence.
LINKING = frozenset(
    "有遇只連厭歡嫁娶欠陪等夢代訪洽約知稱呼喚收寄交轉付還借控逢值像與予及或暨偕攜護盼勸逮捕盯"
    "找看跟和與對給被叫是問愛恨見想約告罵幫請由向替陪為因於把讓教害派由含、及同帶氣等怕救送追打說到在的了我以聽信麼天起年晚早次時候後前間"
)

# What may follow a name: verbs and particles.
FOLLOWING = frozenset(
    "的把被說講在是也都又就還會想要跟和對給不沒很每常已一這那來去打喝罵傳叫借騙欠先老同小姐醫主社督從向於吧嗎啊喔耶了過拿帶逼害教找問約追甩跑走死自"
    "昨今前後上下住未曾將擬應須需可能請與及或其經由至到約男女生出入坐偷搶砸踢摔丟寄送賣買刪封加退分結離外劈脅威恐嚇毆揍咬抓摸親抱吻愛恨討嫌嘲笑霸欺凌排突"
    "真超好太最只才卻總老完全根竟居然明早晚剛正再失染確罹患疑似因為有做你妳我他她性敬告割表身手電簽拒協提述稱崩吞跳懷流擔遭受整竟帳地住居今情當讓幫陪照看聽回答覺得認識知道喔哦呢啦呀唷、代父母案即目並仍兼"
)

FOLLOWING = FOLLOWING | frozenset(
    "毋攏佇咧欲予共佮甲閣足誠講"
    "懂救顧養管盯纏煩惹哭笑鬧醉病瘋睡醒躲藏逃搬進站躺倒吃吸抽買付花接載陪勸逼罰否承疑領取拿填報通轉介院就學服勒反同意支未已"
    "欺負轟趕強推撞砍殺捅燒潑綁鎖關跪求等找尋留寫畫唱跳忘記恢復痊癒缺遲曠休輟復退升降調派駐值夜班簽署蓋章均皆各曾仍尚甫剛"
)

# What is said of a person and of nothing else: as good as the end of a sentence.
SAID_OF_A_PERSON = (
    *(
        "是我",
        "是他",
        "是她",
        "對我",
        "對他",
        "對她",
        "跟我",
        "跟他",
        "跟她",
        "叫我",
        "打我",
        "罵我",
        "約我",
        "逼我",
    ),
    *(
        "騙我",
        "欠我",
        "追我",
        "害我",
        "愛我",
        "不愛",
        "不理",
        "不想",
        "說他",
        "說她",
        "說要",
        "說我",
        "說不",
        "自殺",
    ),
    *(
        "割腕",
        "喝酒",
        "吸毒",
        "表示",
        "來電",
        "否認",
        "陳述",
        "主訴",
        "自述",
        "坦承",
        "拒絕",
        "同意",
        "因故",
        "已於",
    ),
    *(
        "住院",
        "過世",
        "走了",
        "生前",
        "懷孕",
        "離家",
        "失聯",
        "回覆",
        "回報",
        "請假",
        "代班",
        "接案",
        "家訪",
        "吵架",
        "分手",
        "打架",
        "結婚",
        "離婚",
        "復合",
        "在一起",
        "同居",
        "聯絡",
    ),
)

# The same in two characters, where the first alone could be the end of a name.
FOLLOWING_WORDS = (
    *("居住", "居家", "居留", "居所", "女友", "女兒", "女性", "女士", "男友", "男性", "生病", "生氣", "生日"),
    *("生前", "生下", "生了", "身分", "身份", "身體", "身亡", "身上", "手機", "手上", "地址", "住址", "家裡"),
    *("家中", "家人", "家屬", "父親", "母親", "因為", "因此", "如果", "所以", "於是", "安置", "自殺", "自傷"),
)

# Titles and roles behind a full name.
TITLES = (
    "先生",
    "小姐",
    "女士",
    "同學",
    "老師",
    "醫師",
    "醫生",
    "主任",
    "社工",
    "督導",
    "個管師",
    "心理師",
    "媽媽",
    "爸爸",
    "阿姨",
    "教官",
    "學長",
    "學姊",
    "校長",
    "經理",
    "太太",
    "教授",
    "律師",
    "護理師",
    "組長",
    "里長",
    "專員",
    "個案",
    "志工",
    "學弟",
    "學妹",
    "護士",
    "員警",
    "法官",
    "店長",
    "老闆",
    "案主",
    "本人",
    "君",
    "員",
    *(
        "長者",
        "長輩",
        "奶奶",
        "爺爺",
        "阿公",
        "阿嬤",
        "伯伯",
        "婆婆",
        "師傅",
        "師姐",
        "警官",
        "教練",
        "牧師",
        "師母",
    ),
    *("弟兄", "班長", "大哥", "大姐", "家長", "書記官", "檢察官"),
)

# What follows a surname when somebody is addressed: these are no given names.
ADDRESSED_WORDS = """
桑 醬 仔 醫 導 姨 叔 伯 嬤 爺 奶 婆 嫂 姊 弟
阿姨 伯伯 叔叔 阿伯 阿叔 阿嬤 阿公 阿嫂 阿婆 爺爺 奶奶 媽媽 爸爸 姐姐 姊姊 哥哥 大哥 大姐 大姊
大嫂 伯母 伯父 嬸嬸 先生 小姐 女士 太太 同學 老師 醫師 醫生 主任 社工 教授 律師 警官 里長 校長
經理 老闆 董 總 姐 哥 媽 爸 董事 婆婆 公公 師傅 師父 督導 護理 組長 班長 學長 學姊 學姐 學妹
學弟 小妹 小弟 媽咪 先森 老大 大大 天王 天后
"""
ADDRESSED = frozenset(ADDRESSED_WORDS.split())

# Log keys and labels whose value is a person's name.
NAME_KEYS = (
    r"(?:full_?|display_?|user_?|real_?|contact_?|caller_?|patient_?|client_?|person_?|student_?|nick_?|"
    r"customer_?|guardian_?|"
    r"member_?|sender_?|receiver_?|owner_?|holder_?|emergency_?|legal_?|first_?|cn_?|chinese_?|display_?|c|u)?name(?:_zh|_tw|_cn)"
    r"?|person|caller|patient|client|contact|"
    r"reporter|guardian|counsel(?:l)?or|worker|assignee|owner|holder|recipient|payee|author|signer|fn|by|doctor|physician|therapist|social_?worker|staff|operator|editor|"
    r"approver|reviewer|supervisor|submitter|applicant|requester|created_by|updated_by|assigned_to|employee|"
    r"insured|attendee|speaker|姓名|承辦人|通報人|申請人|參加者|"
    r"名字|聯絡人|案主|個案|戶名|收件人"
)

# Characters used to write indigenous and foreign names by sound.
BY_SOUND = (
    "旦婕道依拔嗚旮屋岱威酋朵坦喇赫珍菲琵姑恆芭芮露蓓督嵐霧鑾讓曲雨茱梧枝帝祖馮蕭貴希佤瓜古高汪貝頌帕差猜蓬塔猴"
    "瓦歷斯諾幹夏曼藍波安尤瑪達陸巴魯拉娃比雅撒韻武茂歐蜜偉浪依布妮娜卡莉馬躍吉洛古勒帕那阿米亞美塔里莫莎伊凡哈勇基努高金素梅以撒恩恰汗都庫穆路薩娃麗雯"
    "谷木蘭林慕拿答腊邵孫大川田雅各賽夏泰雅鄒族噶瑪兒多奧威廉迪蘇爾絲史蒂克特維奇斯坦丹尼約翰瑞琪蕾貝格羅倫德艾希法魏根曾南柔佛加西文娣蕊蜜甘姆"
    "嘎造姿海樹兒犮剌給佳飛烏杜舞賴鴻炳撒古流巴萬樂鍁盧彼得保路加百列曉以諾娥冷麥寶路妲亞夫奈吾笛哥伐楚優涅帖茲迦"
)

ROMAN_SURNAMES = (
    "chang|zhang|chen|lin|huang|li|lee|wang|wu|liu|tsai|cai|yang|hsu|xu|cheng|zheng|hsieh|xie|hung|hong|"
    "kuo|guo|chiu|qiu|tseng|zeng|liao|lai|chou|"
    "chow|zhou|yeh|ye|su|chuang|zhuang|lu|lyu|chiang|jiang|ho|hsiao|xiao|lo|luo|kao|gao|pan|chien|jian|"
    "chu|zhu|chung|zhong|peng|yu|you|chan|zhan|hu|"
    "shih|shi|shen|chao|zhao|liang|yen|yan|ko|ke|weng|wei|sun|tai|dai|fang|sung|song|fan|teng|deng|tu|du|"
    "fu|hou|tsao|cao|hsueh|xue|ting|ding|ma|tang|"
    "cho|zhuo|lan|feng|yao|tung|dong|chi|ji|ou|lien|lian|kang|ku|gu|tien|tian|pai|bai|tsou|zou|kung|gong|"
    "han|juan|ruan|yuan|chin|jin|tong|hsia|xia|"
    "shao|chian|qian|ni|tan|kan|hsiung|xiong|jen|ren|qin|mao|koo|chien|liou|hsiang|nguyen|tran|pham|"
    "hoang|phan|vu|vo|dang|bui|do|ngo|duong|ly|le|ong|lim|tan|goh|wong|ng"
)
VIETNAMESE_SURNAMES = (
    "nguyen|tran|pham|hoang|huynh|phan|vu|vo|dang|bui|do|ngo|duong|ly|le|ho|dinh|trinh|truong|doan|luong|"
    "mai|cao|dao"
)
ENGLISH_INTRODUCING = (
    r"nama saya(?: adalah)?|ako si|si|pangalan ko(?: ay)?|ten toi la|toi la|"
    r"(?:full |real |legal )?name(?:'s| is)|(?:my|his|her|full|real|legal) name:|"
    r"(?:i am|i'm|im|this is|called|named|"
    r"call me|ask for|contact|met|from|with|by|for|to|"
    r"boss|manager|coworker|colleague|teacher|professor|doctor|counselor|therapist|husband|wife|"
    r"boyfriend|girlfriend|ex|friend|roommate|classmate|"
    r"landlord|mother|father|mom|dad|brother|sister|son|daughter|uncle|aunt|patient|client|student|"
    r"supervisor|nurse|employer|caregiver|stalker|neighbor),?"
)
