"""What the writing of a language looks like, for telling in which charset unlabelled bytes were written.

Letters stand in the order of how often they are written, most frequent first.
"""

from __future__ import annotations

# Languages in Latin letters: the letters beyond ASCII that they write often, and those they write at times.
_GERMAN, _NORDIC, _DANISH = ("äöüß", "é"), ("äöå", "é"), ("øåæ", "éöäò")
_FRENCH, _SPANISH, _PORTUGUESE = ("éèàêçùôîâû", "ëïœæ"), ("óíáéñú", "üºª"), ("ãçáéíóêõâú", "àôºª")
_ITALIAN, _DUTCH, _ICELANDIC, _CATALAN = ("àèìòù", "éºª"), ("ëéï", "èöüó"), ("áéíóúæö", "þðý"), ("àèéíòóç", "ïúü")
_POLISH, _CZECH = ("ąęłóśżćńź", ""), ("áéíýřžščěůú", "ňťďó")
_SLOVAK, _HUNGARIAN = ("áéíýžščľťúňôä", "ďŕĺó"), ("áéóöíüőúű", "")
_ROMANIAN, _CROATIAN = ("ăâîşţ", ""), ("čšžćđ", "")
_TURKISH, _LITHUANIAN, _LATVIAN = ("ışğçöüİ", "âîû"), ("ėšžųįūčęą", ""), ("āīēšņļūķžčģ", "")
_WESTERN = (_GERMAN, _NORDIC, _DANISH, _FRENCH, _SPANISH, _PORTUGUESE, _ITALIAN, _DUTCH, _ICELANDIC, _CATALAN)
_CENTRAL = (_GERMAN, _POLISH, _CZECH, _SLOVAK, _HUNGARIAN, _ROMANIAN, _CROATIAN)
LATIN = {
    "cp1252": _WESTERN,
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "cp1254": (_TURKISH,),
    "cp1257": (_LITHUANIAN, _LATVIAN),
}

_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюіцщэїєъфґё"
_GREEK = "αοιετσνηυρπκμλςόίάήέγδώθύχφβξζψϊϋΐΰ"
_HEBREW = "יהולאתרבמשנםפקדחעטגצסזךןכץף"
_ARABIC = "الميونرتبةدعسهفكقأحجشىصطخضإذزءئغثظآؤ"
_THAI = "านรอกเง่มยลวดทส้ตัิีปบคหแจพะชขใ็ไถ์ผธุูโืซึศณญษฟฐภำฎฝๆๅฉฏ"
ALPHABETS = {
    "cp1251": _CYRILLIC,
    "koi8-u": _CYRILLIC,
    "cp866": _CYRILLIC,
    "iso8859-5": _CYRILLIC,
    "cp1253": _GREEK,
    "cp1255": _HEBREW,
    "cp1256": _ARABIC,
    "cp874": _THAI,
}

_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多"
    "经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知"
    "全三又关点正业外将两高间由问很最重并物手应向头文体政美相见被利什二等产或新己制身果加西月话合回特代内信表化老给世位次度门任常"
    "先海通教儿原东声提立及比员解水名真论处走各入几口认条平系气题您谢请订单货退款快递收件邮箱密码账户客服复转册登录箱送付换价报数"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多"
    "經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知"
    "全三又關點正業外將兩高間由問很最重並物手應向頭文體政美相見被利什二等產或新己制身果加西月話合回特代內信表化老給世位次度門任常"
    "先海通教兒原東聲提立及比員解水名真論處走各入幾口認條平系氣題您謝請訂單貨退款快遞收件郵箱密碼帳戶客服覆轉冊登錄送付換價報數"
)
_KANJI = (
    "日一国人年大本中長出時行見月後前生五間上東四今分金入学高円子外八六下来気小七山話書先名川千水半男校語土木聞食車何南万毎白天母"
    "右読友左休父雨注文届確認連絡返信件様願致送付商品会社株式店問合担当者知登録変更料受取支払予約配達事業部課御場所新方法的手用定"
)
_HANGUL = (
    "이다는을에의가고하지기사한도를로서은인어자시리아나대정니스만해그수부제라전일장여있주안보것문신상원구비우게동공선과성들요조세면"
    "당용유진계실물오경무위모적된마중습내입합치할감각생발간연받답변회관련송배품매환불않았되네세녕드립청님객센터"
)
CJK = {
    "gb18030": (_SIMPLIFIED, "gb2312", 0xD7),
    "big5hkscs": (_TRADITIONAL, "big5", 0xC6),
    "cp932": (_KANJI, "euc-jp", 0xCF),
    "euc-jp": (_KANJI, "euc-jp", 0xCF),
    "cp949": (_HANGUL, "euc-kr", 0xC8),
}  # by codec: frequent signs, and where, up to which first byte, the signs of everyday use are coded
