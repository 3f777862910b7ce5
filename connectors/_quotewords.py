"""What mail programs write around quotes and signatures, in the languages people use. Data and the patterns made of it.

All words are compared in case-folded text with invisible direction marks taken out.
"""

from __future__ import annotations

import re


def _words(text: str) -> list[str]:
    return text.split()


def _pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Compile for case-folded text, in which "ς" is "σ" and "ß" is "ss"."""
    return re.compile(text.replace("ς", "σ").replace("ß", "ss"), flags)


# Field names of the header block that Outlook, Apple Mail, Yahoo … put over an unquoted original.
_FIELD_WORDS = {
    "from": "from von de da van från fra lähettäjä od от від kimden gönderen από feladó 差出人 发件人 寄件者 "
    "寄件人 發件人"
    " 보낸사람 보낸이 من מאת từ dari expéditeur remitente mittente afzender odesílatel nadawca отправитель "
    "expeditor din"
    " откого avsändare afsender avsender pošiljatelj saatja nuo no จาก desde",
    "date": "sent date enviados gesendet datum envoyé enviado enviada fecha data inviato verzonden skickat sendt dato "
    "lähetetty"
    " päivämäärä päiväys wysłano wysłane odesláno odoslané отправлено дата надіслано gönderildi tarih στάλθηκε "
    "ημερομηνία"
    " elküldve dátum trimis 送信日時 日時 日付 发送时间 发送日期 時間 时间 日期 寄件日期 傳送時間 보낸날짜 날짜 "
    "보낸시간 التاريخ"
    " נשלח תאריך ngày dikirim tanggal isprašyta poslano wysłany date-d'envoi data-de-envio اُرسل",
    "to": "to an à a para aan till til vastaanottaja do komu кому kime alıcı προς címzett către 宛先 收件人 "
    "받는사람 받는이"
    " إلى אל đến tới kepada destinataire destinatario destinatário mottagare modtager kam ถึง pre per",
    "cc": "cc kopie copie kopia kopi kopio copia cópia dw копия копія másolatot-kap másolat bilgi κοιν. "
    "κοινοποίηση 抄送"
    " 副本 참조 نسخة העתק bcc bccto ccto tembusan đồng-gửi",
    "subject": "subject sujet betreff objet asunto assunto oggetto onderwerp ämne emne aihe temat předmět predmet тема "
    "konu θέμα"
    " tárgy subiect 件名 主题 主題 主旨 제목 الموضوع נושא chủ-đề subjek perihal assumpte teema tēma หัวเรื่อง betr "
    "zadeva",
    "other": "reply-to antwort-an importance wichtigkeit attachments anlagen priority priorität organization "
    "répondre-à"
    " 重要性 付件 附件 important importance: pièces-jointes allegati adjuntos resent-from message-id mailed-by",
}
FIELD_KINDS = {word.replace("-", "").casefold(): kind for kind, words in _FIELD_WORDS.items() for word in words.split()}
FIELD_KINDS |= dict.fromkeys(
    _words(
        "تمالإرسال أرسلت تاريخالإرسال المرسلة đãgửi ngàygửi thờigian ส่ง วันที่ วันที่ส่ง تاریخ تاریخارسال ارسالشده"
        " भेजागया दिनांक dihantar tarikh изпратено изпратена 傳送日期 传送日期 已傳送 已发送 poslato послато saadetud"
        " saatmisaeg kuupäev nosūtīts datums išsiųsta enviat bidaltzedata dags dagsetning 送信 送信日 受信日時 보낸시각"
        " 발신일 전송 αποστολή göndermetarihi küldve küldésideje 날짜/시간 datetime"
        " enviadoel enviadael enviadoem enviadaem envoyéle verzondenop gesendetam sentat datesent tarihi"
        " gönderilmetarihi dataenviada datum/zeit sentdate gönderimtarihi dataeora utsänt 发送日期 日期时间"
    ),
    "date",
)
FIELD_KINDS |= dict.fromkeys(
    _words("dela відкого از प्रेषक daripada frá nork од 발신 发信人 寄信人 送信者 absender"), "from"
)
FIELD_KINDS |= dict.fromkeys(
    _words("tomu به प्रति kepada до 收件者 수신 prima za за pera ke adressaat kellele nori saaja 受信者"), "to"
)
FIELD_KINDS |= dict.fromkeys(
    _words("موضوع विषय относно subjek gaia efni assumpte rubrik tiêuđề เรื่อง ชื่อเรื่อง 标题 標題"), "subject"
)

PLAIN_DATES = frozenset(
    _words(
        "date datum fecha data dato päivämäärä päiväys tarih ημερομηνία dátum 日付 日時 日期 時間 时间 날짜 "
        "التاريخ תאריך"
        " ngày tanggal дата วันที่ تاریخ दिनांक tarikh kuupäev datums"
    )
)

_VERBS = (
    # Latin, Greek and Cyrillic scripts: whole words
    r"wrote|writes|schrieb|schreibt|geschrieben|a [ée]crit|[ée]crivait|escribi[óo]|escribe|escreveu|escreve"
    r"|ha scritto"
    r"|scrisse|schreef|heeft .{0,80}geschreven|skrev|skrifaði|kirjoitti|napisał(?:\(a\)|a|/a)?|pisze"
    r"|napsal(?:\(a\)|a|/a)?"
    r"|píše|napísal(?:\(a\)|a|/a)?|написав(?:\(-ла\)|ла|\(ла\))?|написал(?:\(а\)|а|/а|и)?|пишет|писал(?:\(а\)|а"
    r"|и)?|пише"
    r"|yazdı|şunları yazdı|yazmış|έγραψε|έγραψαν|írta|ezt írta|a scris|au scris|va escriure|ha escrit|napisao(?:/la)?"
    r"|napisala|je napisal(?:a|\(a\))?|написа|rašė|parašė|rakstīja|kirjutas|đã viết|menulis"
    r"|napisana przez|napisal(?:a|\(a\))?|isinulat n\w+|missatge de|написао(?:/ла)?|shkroi|idatzi du|escribiu"
    r"|sgrifennodd|schrieb am|scribis|tarihinde yazdı|viết|skrifar|напісаў|napísal dňa"
)
_CJK_VERBS = (
    r"写道|寫道|写到|のメール|は書きました|が書きました|님이 작성|작성|쓴 글|次のように書きました"
    r"|เขียนเมื่อ|씀|썼습니다|쓰시길|님의 말|كتب|كتبت"
    r"|تمت كتابة|נכתב|כתב|כתבה|نوشت|เขียนว่า|ने लिखा"
)
VERB = _pattern(rf"(?<!\w)(?:{_VERBS})(?!\w)|{_CJK_VERBS}")
OWN_WORDS_VERB = _pattern(
    r"(?<!\w)(?:i|we|you|ich|wir|sie|je|j'ai|nous|vous|yo|ik|jag|jeg|я|ми|мы|io|eu) (?:\w+ )?wrote(?!\w)"
    r"|(?<!\w)(?:wie|as|come|como|comme) (?:ich|i|wir|we|sie|you|je)(?!\w)"
)
QUOTING = _pattern(
    r"(?:quoting|zitat von|citando|citerar|citation de|quoted from|cytowanie|citaat van|цитирование)(?!\w)"
)

_WEEKDAYS = (
    r"mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|mié|mie|jue|vie|sáb|sab|dom"
    r"|seg|ter"
    r"|qua|qui|sex|gio|ma|wo|vr|za|zo|mån|tis|ons|tors|fre|lör|sön|man|tir|tor|lør|søn|ke|ti|to|pe|la|su|pon|wt"
    r"|śr|czw"
    r"|pt|sob|niedz|po|út|st|čt|pá|ne|пн|вт|ср|чт|пт|сб|вс|нд|понедельник|вторник|среда|четверг|пятница|суббота"
    r"|воскресенье|понеділок|вівторок|середа|четвер|п.?ятниця|субота|неділя|pzt|sal|çar|per|cum|cmt|paz|mon|dv|dj"
    r"|pet|čet"
)
STRONG_OPENER = _pattern(
    r"(?:on|at|am|le|el|il|em|op|den|på|w dniu|dnia|dne|dňa|v|u|на|в|во|у|στις|την|a|pe|în|in data(?: di)?|data"
    r"|vào(?: lúc)?|pada(?: tanggal)?|في|بتاريخ|בתאריך|ב-|ביום|at|于|於|在|tarih|ngày|ned\.?|den:|nel giorno"
    r"|il giorno|em data de"
    r"|le :|alle|um|kl\.?|date:?|ในวันที่|dia|no dia|a la|egun|wiadomość napisana przez"
    r"|missatge de|el dia|kuupäev|noong|þann|v v|às|เมื่อ|در تاریخ|hau idatzi du|уто|dana|datums)(?=[\s,:\u202a0-9]|$)"
    r"|(?:在|于|於|vào)\s*\d"
)
WEAK_OPENER = _pattern(rf"[\W_]*(?:\d{{1,4}}\s?[./年-]|\d{{1,2}} \w{{3,}}|(?:{_WEEKDAYS})\w{{0,9}}\.?,?\s)")
INNER_OPENER = re.compile(
    rf"\s(?:on|am|le|el|il giorno|op|em|den) (?:(?:{_WEEKDAYS})\w{{0,9}}\.?,? |\d{{1,4}}[./ -])(?=.{{8,300}}[:：]$)",
    re.IGNORECASE,
)
TIME = _pattern(r"\d{1,2}\s?[:.h時时点]\s?\d{2}(?!\d)|\d{1,2}[hu]\d{2}|\d\s?[ap]\.?m(?!\w)|\d時")
DATE = _pattern(
    r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}|\d{1,2}\s?月\s?\d{1,2}|\d월|٢٠\d\d"
    r"|25\d\d"
)

ORIGINAL = _pattern(
    r"(?:original message|original email|ursprüngliche (?:nachricht|mail|e-mail)|originalnachricht"
    r"|ursprüngl\.? nachricht"
    r"|message d'origine|message original|message initial|e-mail d'origine|mensaje original|mensagem original"
    r"|messaggio originale|messaggio inoltrato originale|oorspronkelijk bericht|originele bericht|origineel bericht"
    r"|ursprungligt meddelande|originalmeddelande|oprindelig (?:meddelelse|besked|mail)|original meddelelse"
    r"|opprinnelig melding|alkuperäinen viesti|oryginalna wiadomość|wiadomość oryginalna|wiadomość pierwotna"
    r"|treść oryginalnej wiadomości|původní (?:zpráva|e-mail)|původní správa|pôvodná správa|исходное сообщение"
    r"|пересылаемое сообщение|оригинальное сообщение|первоначальное сообщение|вихідне повідомлення"
    r"|оригінальне повідомлення|orijinal mesaj|özgün ileti|orijinal ileti|αρχικό μήνυμα|eredeti üzenet|mesaj original"
    r"|mesajul original|元のメッセージ|元のメール|オリジナルメッセージ|original message|原始邮件|原始郵件|原邮件"
    r"|原郵件|原始訊息"
    r"|원본 메시지|원본 메일|원본 이메일|الرسالة الأصلية|رسالة أصلية|ההודעה המקורית|הודעה מקורית|thư gốc|tin nhắn gốc"
    r"|pesan asli|missatge original"
    r"|izvorna poruka|originalna poruka|izvirno sporočilo|reply message|reply separator|antwort|previous message"
    r"|in reply to|replied message|回复的原邮件|邮件原件|原邮件|oryginalny e-mail|ursprüngliche)"
)
FORWARDED = _pattern(
    r"(?:forwarded message|forwarded mail|forwarded by|weitergeleitete (?:nachricht|mail|e-mail)|weitergeleitet"
    r"|message transféré|mensaje reenviado|mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht"
    r"|vidarebefordrat meddelande|videresendt (?:meddelelse|melding|besked)|välitetty viesti|edelleenlähetetty viesti"
    r"|przekazana wiadomość|wiadomość przekazana|přeposlaná zpráva|preposlaná správa|пересылаемое сообщение"
    r"|пересланное сообщение|переслане повідомлення|iletilen mesaj|iletilmiş mesaj|προωθημένο μήνυμα"
    r"|továbbított üzenet|mesaj redirecționat|転送メッセージ|転送されたメール|转发的邮件|转发邮件|轉寄郵件"
    r"|轉寄的郵件|轉寄訊息|전달된 메시지|전달된 메일"
    r"|رسالة معاد توجيهها|הודעה שהועברה|thư được chuyển tiếp|pesan terusan|pesan diteruskan|missatge reenviat"
    r"|proslijeđena poruka)"
)
FORWARD_START = _pattern(
    r"(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)|début du (?:message"
    r"|courriel) (?:réexpédié|transféré)"
    r"|début du message|inicio del mensaje reenviado|início da mensagem (?:re)?encaminhada|inizio messaggio inoltrato"
    r"|begin doorgestuurd bericht|vidarebefordrat brev|start på videresendt (?:besked|melding|meddelelse)"
    r"|videresendt melding|välitetty viesti alkaa|początek przekazywanej wiadomości|přeposlaná zpráva"
    r"|начало переадресованного сообщения|iletilen mesajın başlangıcı|転送されたメッセージ|下面是被转发的邮件"
    r"|以下是轉寄的郵件"
    r"|전달된 메시지 시작|reenviado por|begin forwarded)\s?[:：]?$"
)
REPLY_ABOVE = _pattern(
    r"(?:please )?(?:type|write|enter) your reply above|reply above this line|reply below this line|write reply above"
    r"|antworten sie (?:bitte )?oberhalb|bitte antworten sie oberhalb|au-dessus de cette ligne"
    r"|por encima de esta línea"
    r"|acima desta linha|sopra questa riga|boven deze (?:lijn|regel)|answer above this line|respond above this line"
)

_DEVICE = (
    r"(?:i-?phon|ipad|ipod|android|samsung|galaxy|huawei|xiaomi|redmi|honor|oneplus|nokia|lumia|blackberry"
    r"|windows|mobile|handy|smartphone|téléphone|telefon|móvil|outlook|mail|yahoo|gmail|htc|sony|xperia"
    r"|motorola|moto|lg|pixel|oppo|realme|vivo|tablet|proton|gmx|web\.de|k-9|k9|bluemail|aquamail|spark"
    r"|airmail|mailspring|thunderbird|app|telephone|phone|surface|zoho|tutanota|tuta|fastmail|mac|icloud"
    r"|t-online|orange|mail\.ru|yandex|myмail|nine|typeapp|newton|superhuman|hey|wiko|asus|lenovo|cell|device"
    r"|яндекс|мобильн|пошт|почт|手机|手機|邮箱|邮件|郵件|메일|unterwegs|tele2|verizon|t-mobile|at&t"
    r"|sprint|gionee|telus|rogers|bell)"
)
SENT_FROM = _pattern(
    r"(?:from my |sent (?:from|via|with|using|by|on) |get (?:outlook|bluemail|aol|yahoo mail|gmail"
    r"|proton mail) for |(?:von|aus) (?:meinem|meiner|mobile"
    r"|unterwegs|my"
    r"|web|outlook|iphone)|gesendet (?:von|mit|über|aus|vom) "
    r"|diese (?:nachricht|e-mail) wurde von meinem|holen sie sich outlook|outlook für |изпратено от "
    r"|ส่งจาก|получить outlook"
    r"|envoyé (?:de|depuis|par"
    r"|à partir|avec|via) |télécharge[rz]? outlook|obtenir outlook|obtenez outlook"
    r"|enviado (?:desde|do|de|a partir|via|con|pelo|por) |enviada (?:do|desde|a partir) |obtener outlook"
    r"|obter o outlook|obtenha o outlook|baixe o outlook|inviato (?:da|dal|con|tramite|via) |scarica outlook"
    r"|ottieni outlook"
    r"|verstuurd (?:vanaf|vanuit|met|via) |verzonden (?:vanaf|vanuit|met|via|met) |outlook voor "
    r"|download outlook|skickat (?:från|med) |skickades från|hämta outlook|sendt (?:fra|med|via) |hent outlook"
    r"|få outlook|skaff deg outlook"
    r"|lähetetty |hanki outlook|wysłan[eyo] (?:z|za) |pobierz (?:aplikację )?outlook|odesl?áno z|odoslané z"
    r"|stáhnout outlook|získat outlook|отправлено (?:с|из) |скачать outlook|загрузите outlook|надіслано (?:з"
    r"|із|від) |στάλθηκε από|εστάλη από|αποστολή από|αποκτήστε"
    r"|elküldve |küldve |trimis (?:de pe|din|cu) |发自|發自|来自 ?i|来自我的|來自我的|从我的|從我的|傳送自|寄自|获取"
    r"|取得 ?outlook|发送自|用我的|أُ?رسلت? من"
    r"|تم الإرسال من|الحصول على outlook|נשלח מ|קבל את outlook|đã gửi từ|được gửi từ|tải outlook|dikirim dari"
    r"|dapatkan outlook"
    r"|enviat des|poslano (?:s|sa|z) |saadetud|išsiųsta iš|nosūtīts no|написано с |sent from$)"
)
SENT_FROM_END = _pattern(
    r"(?:から送信|から送信されました|から送信しました|를 다운로드|에서 보냄|에서 보냈습니다|에서 전송됨"
    r"|에서 보낸 메일|를 통해 보냄|gönderildi|gönderilmiştir|傳送|发送"
    r"|を入手|gesendet|bidalia|lähetetty|elküldve|küldve|verzonden|skickat|傳送的郵件|edinin|downloaden"
    r"|herunter)[.!。]?$"
)
DEVICE = _pattern(_DEVICE)
ADVERT = _pattern(
    r"(?:virus-free\.|this e-?mail (?:has been|was) (?:checked|scanned) (?:for viruses )?by"
    r"|diese e-mail wurde von (?:avast|avg)"
    r"|cet e-mail a été vérifié par|este (?:correo electrónico|mensaje) ha sido (?:comprobado|analizado)"
    r"|garanti sans virus"
    r"|libre de virus\.|livre de vírus\.|virenfrei\.|privo di virus\.|virusvrij\.|wolny od wirusów"
    r"|(?:securely sent|sicher versendet|gesendet) (?:with|mit) tuta|do you yahoo!\?|[-=]* ?msn )"
)
DISCLAIMER = _pattern(
    r"\W{0,6}(?:confidentiality (?:notice|note|warning|statement)|(?:legal )?disclaimer\s*[:.-]|privacy notice:"
    r"|legal notice"
    r"|this (?:e-?mail|message|communication|electronic mail|transmission)\b.{0,120}\b(?:confidential|intended"
    r"|privileged|proprietary)"
    r"|the (?:information|contents?)\b.{0,60}\b(?:e-?mail|message|communication"
    r"|transmission)\b.{0,120}\b(?:confidential|intended|privileged)"
    r"|the contents of this|this footnote confirms|please consider the environment|think before you print"
    r"|save (?:paper|a tree)"
    r"|p?lease don't print this|bitte denken sie an die umwelt|before printing"
    r"|diese (?:e-?mail|nachricht|mitteilung)\b.{0,120}\b(?:vertraulich|bestimmt|rechtlich geschützt)"
    r"|vertraulichkeitshinweis|haftungsausschluss"
    r"|ce (?:message|courriel|mail|e-mail)\b.{0,160}\b(?:confidentie|destin)|avis de confidentialité"
    r"|este (?:mensaje|correo|e-?mail|message|mail)\b.{0,160}\b(?:confidencia|dirigid|destina)|aviso (?:legal"
    r"|de confidencialidad)"
    r"|esta (?:mensagem|comunicación)\b.{0,160}\bconfidencia|la información contenida"
    r"|(?:questo messaggio|questa e-?mail|il presente messaggio|le informazioni contenute)\b.{0,160}\b(?:riservat"
    r"|confidenzial|destinatar)"
    r"|(?:dit bericht|deze e-?mail|de informatie)\b.{0,160}\b(?:vertrouwelijk|bestemd|geadresseerde)"
    r"|(?:detta|denna|denne|dette)\b.{0,60}\b(?:meddelande|e-post|e-mail|mail"
    r"|melding)\b.{0,160}\b(?:konfidentiell|konfidensiel|fortrolig|avsed)"
    r"|(?:ta|niniejsza|treść tej) wiadomo\w+\b.{0,160}\bpoufn|informac\w+ zawarte w"
    r"|(?:это|данное|настоящее) (?:электронное )?(?:сообщение|письмо)\b.{0,160}\bконфиденциальн"
    r"|bu e-?posta.{0,160}gizli)",
    re.DOTALL,
)
CLOSING = _pattern(
    r"(?:(?:(?:with )?(?:best|kind|warm|kindest|warmest|many|my best)(?: (?:regards|wishes|thanks))?|regards"
    r"|cheers|sincerely|yours(?: sincerely| faithfully| truly)?|thanks(?: and regards)?|thank you|br|rgds"
    r"|(?:mit )?(?:freundlichen?|besten?|lieben?|herzlichen?|viele|schöne|beste|liebe|freundliche"
    r"|herzliche) (?:grüßen?|gruß|grüssen?|gruss)|mfg|lg|vg|gruß|grüße|danke|vielen dank"
    r"|(?:bien |très )?cordialement|(?:bien )?à vous|salutations|bonne journée|merci|saludos(?: cordiales)?"
    r"|un saludo|atentamente|cordialmente|gracias|atenciosamente|att|abraços?|obrigad[oa]|cumprimentos"
    r"|cordiali saluti|distinti saluti|saluti|grazie|met vriendelijke groet(?:en)?|mvg|groet(?:en|jes)?"
    r"|(?:med )?vänliga? hälsningar?|mvh|hälsningar|(?:med )?venlige? hilsen|(?:med )?vennlige? hilsen|hilsen"
    r"|ystävällisin terveisin|terveisin"
    r"|pozdrawiam|z poważaniem|s pozdravem|с уважением|з повагою|saygılarımla|με εκτίμηση|üdvözlettel|cu stimă"
    r"|よろしくお願いいたします|よろしくお願いします|此致|祝好|감사합니다|مع التحية|בברכה|trân trọng|hormat kami"
    r"|salam))[\s,.!。、，-]*$"
)
CONTACT = _pattern(
    r"(?:\+|00)\d[\d\s()./-]{6,}\d|\(0\d+\)\s?\d[\d\s/-]{4,}|\b(?:tel|phone|mobile|mobil|fax|telefon|cell|tél"
    r"|móvil|handy|direct|m|t|p|f|e|w)\b\s?[.:|]\s*\S"
    r"|https?://|www\.|\S@\S+\.\w|电话|電話|传真|手机|전화|тел[.:]|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b"
)
