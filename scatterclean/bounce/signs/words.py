"""The words of automatic mail in many languages, all in lower case; on their own they prove nothing.

Stems are matched anywhere in a lower-cased text.  Sources: bounce templates of Postfix, Exim, sendmail,
qmail, Exchange and their translations, Gmail's and Yahoo's localised notices, RFC 3834 appendix,
translations of Outlook's and Gmail's "automatic reply" prefixes.
"""

# ruff: noqa: RUF001 - these are the letters of other languages, not look-alikes of Latin ones

from __future__ import annotations

from scatterclean.bounce.stems import Stems

# --- a message could not be delivered ---------------------------------------------------------------------

_FAILED = (
    # en
    "undeliver", "undelivr", "non-deliver", "nondeliver", "non deliver", "delivery status notif",
    "delivery notification", "delivery report", "delivery failure", "delivery fail", "delivery has failed",
    "delivery problem", "delivery error", "delivery incomplete",
    "forwarding fail", "delivery status", "failed delivery",
    "delivery to the following", "not be delivered", "t be delivered", "not deliver", "able to deliver", "n't deliver",
    "n\u2019t deliver",
    "unable to send", "not delivered", "returned mail", "mail returned", "returned to sender",
    "return to sender", "returning to sender", "returning message", "returned message", "message returned",
    "returned email", "failure notice", "failed mail", "failed message", "mail failed", "mail failure",
    "message failed", "mail error", "mail system error", "error sending", "processing error", "bounced",
    "rejected", "message refused", "refused mail", "user unknown", "unknown user", "no such user",
    "unknown recipient", "invalid recipient", "unknown address", "address not found", "nameserver error",
    "could not send", "couldn't send", "message blocked", "been blocked", "blocked by", "mailbox full",
    "mailbox is full", "over quota", "quota exceeded", "permanent error", "permanent failure",
    "non-delivery", "problem delivering", "could not reach", "undelivered", "t accept", "mail loop",
    "not been delivered", "did not reach", "no valid recipients", "failed recipient", "delivery-status",
    "email not sent", "message not sent", "mail not sent", "not accepting mail", "error delivering",
    # de
    "unzustellbar", "unzustell", "nicht zugestellt", "nicht zustellbar", "zustellung", "zustellstatus",
    "nicht ausgeliefert", "nicht übermittelt", "unbekannter empf", "empfänger unbekannt", "zurückgewiesen",
    "zurueckgewiesen", "abgewiesen", "rückläufer", "mail-zustell", "zustellfehler", "nicht versendet",
    "konnte nicht gesendet", "nicht zugestellt",
    # fr
    "non remis", "non-remis", "non distribu", "non livr", "non délivr", "non delivr", "pas pu etre",
    "pas pu être", "pas été remis", "échec de", "echec de", "échec d", "remise impossible", "retourné à l",
    "message refus", "impossible de remettre", "avis de non", "état de remise", "utilisateur inconnu",
    "destinataire inconnu", "utilisateur non recens", "n'a pas été", "rejeté", "n'a pu être",
    "non acheminé", "de non-remise",
    # es
    "no se pudo entregar", "no entregad", "no se ha podido entregar", "no entregable", "error de entrega",
    "fallo en la entrega", "fallo de entrega", "imposible entregar", "devuelto", "estado de entrega",
    "correo rechazado", "mensaje rechazado", "aviso de no entrega", "no ha sido entregado",
    "no pudo ser entregad", "no ha podido ser entregad", "no puede ser entregad", "usuario desconocido",
    "error al enviar", "correo devuelto",
    # it
    "mancata consegna", "non recapitabil", "non consegnat", "consegna non riuscita",
    "impossibile recapitare", "impossibile consegnare", "non recapitat", "mancato recapito",
    "messaggio respinto", "rifiutato", "avviso di mancat", "errore di consegna",
    "non è stato possibile recapitare", "non è stato recapitato", "recapito non riuscito",
    "stato della consegna", "stato recapito",
    "utente sconosciuto",
    # pt
    "não entreg", "nao entreg", "não foi possível entregar", "falha na entrega", "falha de entrega",
    "devolvid", "não foi entregue", "status de entrega", "estado da entrega", "não pode ser entregue",
    "não pôde ser entregue", "nao pode ser entregue", "rejeitad", "erro na entrega", "nao pode ser envi",
    "não pode ser envi", "falha no envio", "é possível entregar", "é possível contactar", "não chegou a",
    # nl
    "onbestelbaar", "niet bezorgd", "niet afgeleverd", "onbezorgbaar", "bezorging mislukt",
    "kon niet worden", "niet bestelbaar", "afleveren mislukt", "niet worden afgeleverd",
    "niet worden bezorgd", "geretourneerd", "bezorgingsstatus", "leveringsstatus", "kan niet worden",
    # sv, da, no, fi
    "olevererbar", "inte levereras", "ej leverer", "leveransfel", "inte levererat", "leveransstatus",
    "kunne ikke leveres", "kan ikke leveres", "ikke leveret", "ikke levert", "uleverbar", "leveringsfejl",
    "leveringsstatus", "ikke afleveres", "uafleveret", "ei voitu toimittaa", "toimitus epäonnistui",
    "toimittamaton", "ei toimitettu", "ei voida toimittaa", "kan inte lever", "gick inte att leverera",
    # pl, cs, sk, hu, ro
    "nie można dostarczyć", "niedostarcz", "nie dostarczono", "nie została dostarczona", "nie mogła zostać",
    "niedoręcz", "nie doręczono", "nie została doręczona",
    "odrzucon", "błąd dostarcz", "zwrot", "nie udało się dostarczyć",
    "nedoručiteln", "nedoručen", "nelze doručit", "nepodařilo se doručit", "nebylo možné doručit",
    "nemohla být doručena", "nedoručiteľ", "nepodarilo doručiť", "nebolo možné doručiť", "kézbesíthetetlen",
    "nem kézbesíthető", "kézbesítési", "sikertelen kézbesítés", "nem sikerült kézbesíteni", "nelivrat",
    "nu a putut fi livrat", "nu a fost livrat", "eșuat", "nu poate fi livrat", "nelivrabil", "livrarea nu",
    "livrare eșuat",
    # tr, el
    "teslim edil", "iletilemedi", "gönderilemedi", "geri döndü", "ulaştırılamad",
    "δεν ήταν δυνατή η παράδοση", "αδύνατη η παράδοση", "δεν παραδόθηκε", "αποτυχία παράδοσης", "μη παραδο",
    # ru, uk, bg, sr
    "не доставлен", "недоставлен", "не удалось доставить", "невозможно доставить", "ошибка доставки",
    "доставка невозможна", "возвращен", "возвращён", "не может быть доставлен", "недоставк", "отклонен",
    "не было доставлено", "состоянии доставки", "сбой доставки", "не вдалося доставити", "повернен",
    "не може бути доставлен", "не е доставен", "неуспешна доставка", "не могла быть доставлена",
    # sr, mk, fa, hi
    "није испоруч", "није достав", "није могуће испоруч", "не може да се испорача", "تحویل داده نشد",
    "वितरित नहीं", "डिलीवर नहीं",
    # hr, sl, et, lv, lt, ca
    "nije moguće isporuč", "nije moguće dostav", "nije isporučen", "nije dostavljen", "neisporuč",
    "ni mogoče dostav", "ni bilo mogoče dostav", "nedostavlj", "kättetoimetam", "kohaletoimet",
    "toimetamine nurjus",
    "nepiegād", "nevar piegād", "nepristat", "nepavyko pristat", "neįteikt", "no es pot lliurar",
    "no s'ha pogut lliurar", "no lliurat", "no s'ha lliurat",
    # ja
    "配信不能", "配信できません", "配信エラー", "配信されません", "送信できません", "送信エラー", "不達",
    "配達不能", "配達できません", "メールエラー", "エラーメール", "エラー通知", "届きません", "返送",
    "宛先不明", "配信失敗", "送信失敗", "未配信", "送達できません", "配送できません", "配信に失敗",
    "送信に失敗", "配送不能", "お届けできません", "受信拒否",
    # zh
    "退信", "无法投递", "無法投遞", "无法送达", "無法送達", "無法傳遞", "无法传递", "未送达", "未能送达",
    "投递失败", "投遞失敗", "传输失败", "傳輸失敗", "发送失败", "傳送失敗", "發送失敗", "传递失败", "退回",
    "未传递", "未傳遞", "寄送失敗", "无法发送", "無法寄達", "无法被", "拒绝接收", "拒收", "投递到",
    "被拒绝",
    # ko
    "반송", "배달할 수 없", "전송 실패", "전송실패", "발송실패", "발송 실패", "전달되지", "배달되지",
    "전송하지 못", "배달 실패", "수신거부", "전달할 수 없", "보낼 수 없", "배달하지 못", "전달하지 못",
    # vi, th, id, he, ar
    "không gửi được", "không thể gửi", "không phát được", "bị trả lại", "ไม่สามารถส่ง", "ส่งไม่สำเร็จ",
    "ไม่สามารถจัดส่ง", "tidak terkirim", "gagal terkirim", "tidak dapat dikirim", "tidak dapat dihantar", "gagal mengirim",
    "לא נמסרה", "לא ניתן למסור", "אינה ניתנת למסירה", "تعذر تسليم", "لم يتم تسليم", "فشل التسليم",
    "فشل تسليم",
)  # fmt: skip
FAILED = Stems(_FAILED)

# --- it may still arrive ------------------------------------------------------------------------------------

_DELAYED = (
    "delayed", "delay in message", "delay in mail",
    "delay)", "(delay", "delivery delay", "still being retried", "not yet been delivered",
    "not yet delivered", "delivery warning", "could not send message for past",
    "could not send mail for past", "warning: could not send", "has been postponed", "deferred",
    "will be retried", "will retry", "keep trying", "continue to attempt", "continue to try",
    "continue to be made", "do not need to resend", "temporary delivery problem", "temporarily undelivered",
    "this is a warning", "warning only", "transient non-fatal", "will continue for", "verzögert",
    "verzögerung", "noch nicht zugestellt", "weitere zustellversuche", "verspätet", "retardé", "en retard",
    "différé", "pas encore été", "retrasad", "demorad", "retraso", "in ritardo", "ritardat",
    "ritardo nella", "atrasad", "atraso na", "vertraagd", "vertraging", "fördröj", "forsink", "viivästy",
    "opóźni", "zpožd", "oneskor", "késleltet", "késik", "întârzi", "gecik", "задерж", "отложен", "затрима",
    "遅延", "遅れて", "延迟", "延遲", "지연", "καθυστ", "bị trì hoãn", "tertunda", "мы продолжим",
    "weiterhin versucht",
)  # fmt: skip
DELAYED = Stems(_DELAYED)

# --- it arrived ---------------------------------------------------------------------------------------------

_DELIVERED = (
    "successful mail delivery", "success notice", "delivery status notification (success", "(relay)",
    "successfully delivered", "was successfully", "delivered to the recipient", "return receipt",
    "erfolgreich zugestellt", "delivered:", "zugestellt:", "remis :", "entregado:", "consegnato:",
)  # fmt: skip
DELIVERED = Stems(_DELIVERED)

# --- a person is away ---------------------------------------------------------------------------------------

# As the beginning of a subject these are enough by themselves: nobody writes them by hand.
_AWAY_FOR_SURE = (
    "automatic reply", "auto reply", "auto-reply", "autoreply", "automated reply", "automated response",
    "automatic response", "auto response", "auto-response", "autoresponse", "autoresponder",
    "auto responder", "auto-responder", "out of office", "out-of-office", "out of the office autoreply",
    "vacation reply", "vacation message", "vacation autoreply", "away from my mail", "abwesenheitsnotiz",
    "abwesenheitsmeldung", "automatische antwort", "automatische rückantwort", "autom. antwort",
    "automatisch generierte antwort", "auto-antwort", "réponse automatique", "reponse automatique",
    "message d'absence", "absence du bureau", "réponse d'absence", "notification d'absence",
    "respuesta automática", "respuesta automatica", "autorespuesta", "contestación automática",
    "fuera de la oficina", "fuera de oficina", "risposta automatica", "risponditore automatico",
    "fuori sede", "fuori ufficio", "resposta automática", "resposta automatica", "fora do escritório",
    "automatisch antwoord", "automatisch bericht", "automatische beantwoording", "afwezigheidsassistent",
    "autosvar", "automatiskt svar", "automatisk svar", "frånvaromeddelande", "fraværsassistent",
    "automaattinen vastaus", "automaattivastaus", "poissaoloviesti", "automatyczna odpowiedź",
    "autoodpowiedź", "odpowiedź automatyczna", "automatická odpověď", "automatická odpoveď",
    "automatikus válasz", "házon kívül", "răspuns automat", "raspuns automat", "otomatik yanıt",
    "otomatik cevap", "ofis dışında", "αυτόματη απάντηση", "автоответ", "автоматический ответ",
    "автоматична відповідь", "автовідповід", "автоматичен отговор", "自動返信", "自動応答", "不在通知",
    "自动回复", "自動回覆", "自动答复", "自動回復", "自動答覆", "자동 응답", "자동응답", "자동 회신",
    "자동회신", "부재중", "trả lời tự động", "ตอบกลับอัตโนมัติ", "balasan otomatis", "תשובה אוטומטית",
    "רד אוטומטי", "رد تلقائي", "automatski odgovor", "samodejni odgovor", "sjálfvirkt svar",
    "fraværsmelding", "svar sjálfkrafa", "automātiskā atbilde",
    "automaatne vastus", "automatinis atsakas", "מענה אוטומטי", "fora de l'oficina",
    "аутоматски одговор", "автоматски одговор", "erantzun automatikoa", "tweġiba awtomatika",
    "freagra uathoibríoch", "ateb awtomatig", "پاسخ خودکار", "स्वचालित उत्तर", "स्वत: उत्तर", "automatesch äntwert",
    "avtomatik cavab", "автоматты жауап", "аўтаматычны адказ", "স্বয়ংক্রিয় উত্তর",
    "தானியங்கு பதில்", "خودکار جواب", "jibu otomatiki", "outomatiese antwoord", "awtomatikong tugon",
    "ავტომატური პასუხი", "ինքնաշխատ պատասխան", "abwesenheitsassistent", "abwesenheitsnachricht",
    "abwesenheitsbenachrichtigung", "abwesenheitsmitteilung",
    "automaatvastus", "automatinis atsakymas", "respon automàtica", "resposta automàtica",
)  # fmt: skip
AWAY_FOR_SURE = Stems(_AWAY_FOR_SURE)
# Of these, what people say of themselves, too.
AWAY_OF_PEOPLE = Stems(
    (
        "out of office", "out-of-office", "vacation message", "absence du bureau", "fuera de la oficina",
        "fuera de oficina", "fuori sede", "fuori ufficio", "fora do escritório", "házon kívül", "ofis dışında",
        "不在通知", "부재중", "fora de l'oficina",
    )
)  # fmt: skip

# These need a sign of a machine beside them.
_AWAY = (
    "vacation", "auto: ", "out of the office", "on holiday", "on leave", "away", "i'm away", "absence",
    "absent", "ooo", "abwesen", "nicht im büro", "nicht im hause", "urlaub", "eingangsbestätigung",
    "ausente", "ausencia", "ausência", "assente", "assenza", "afwezig", "niet aanwezig", "semester",
    "frånvar", "fravær", "ikke til stede", "poissa", "lomalla", "nieobecno", "poza biurem", "nepřítomn",
    "neprítomn", "mimo kancelář", "szabadság", "távollét", "нет на месте", "отсутств", "в отпуске",
    "відпуст", "不在", "休暇", "外出", "休假", "außer haus", "ausser haus", "request received", "ticket received",
    "request has been received", "received your", "thank you for your",
    "thank you for contacting", "accusé de réception", "no longer", "has left", "wurde empfangen",
)  # fmt: skip
AWAY = Stems(_AWAY, _AWAY_FOR_SURE)

# --- prove that you are a person ------------------------------------------------------------------------------

_CHALLENGES = (
    "please confirm", "confirm your message", "confirm your mail", "confirm your email",
    "confirmation required", "confirm delivery", "verify your message", "verify that you", "verify you",
    "sender verification", "challenge", "(verification)", "verification required", "authorization required",
    "approval required", "request to confirm", "your message is being held because",
    "to release your message", "to deliver your message", "one-time", "not on my list", "approved sender",
    "allowed senders", "whitelist", "white list", "spamblocker", "spam blocker", "spamarrest",
    "spam arrest", "boxbe", "unconfirmed", "awaiting your", "confirm subscription",
    "confirm unsubscription", "confirm your subscription", "confirm subscribe", "subscription confirmation",
    "confirmation for subscribe", "anmeldebestätigung", "abonnementsbestätigung", "bestätigen sie",
    "bitte bestätigen", "confirmez", "demande de confirmation", "confirmation d'inscription", "confirme su",
    "confirmar su", "conferma la", "confirme sua", "bevestig", "potwierdź", "подтвердите", "подтверждение",
    "確認してください", "请确认", "請確認", "click the link below to", "clicking the link",
    "needs to be confirmed", "must be confirmed",
    "confirmation request", "registration request", "keep spam out", "to confirm", "empty reply",
    "reply to this message", "be identified as", "guest list",
    "messages from you are being held", "requested that your e", "pending message", "waitlisted",
    "authentification requise", "d'authentification de votre",
    "vous authentifier", "authentifier", "cliquant sur le lien", "confirmer votre message", "clique aqui",
    "haga clic", "clique no link", "pedido de confirmação", "klicken sie hier",
)  # fmt: skip
CHALLENGES = Stems(_CHALLENGES)

# As a part of a subject these are enough to look at the rest: tokens of challenge programs (BoxTrapper, ASK,
# Spam Arrest, SpamCop's and cPanel's forms) that nobody writes by hand.
_CHALLENGES_FOR_SURE = ("verify#", "(conf#", "(verification)", "requires verification", "[verification]")
CHALLENGES_FOR_SURE = Stems(_CHALLENGES_FOR_SURE)

# --- a scanner, a moderator, a quota, a list server ----------------------------------------------------------

_NOTICES = (
    "virus", "infected", "malware", "trojan", "worm", "banned", "prohibited", "unsolicited",
    "threat", "schadsoftware", "bedrohung", "placed on hold", "message held", "pending approval",
    "needs approval", "awaiting approval", "awaiting review",
    "content filter", "content violation", "policy violation", "violates", "quarantin", "spam detected",
    "blocked attachment", "attachment removed", "attachment blocked", "disallowed", "dangerous", "unsafe",
    "suspicious", "inappropriate", "offensive", "bad header", "awaits moderator", "awaiting moderat",
    "moderat", "held for approval", "not a member", "are not member", "non-member", "not allowed to post",
    "not subscribed", "post by non", "denied", "not a list", "rejected posting", "mailing list",
    "as spam", "als spam", "comme du spam", "comme spam", "como spam", "come spam", "quarantäne",
    "quarantaine",
    "cuarentena", "quarentena", "карантин", "suspect", "conflicts with a policy", "threshold",
    "mailbox size", "size limit warning", "quota warning", "almost full", "nearly full",
    "disk quota", "mailbox quota", "frozen", "forwarding or filtering", "loop alert",
    "duplicated message-id", "mis-configuration", "submission of mail", "postmaster copy",
    "postmaster notify", "postmaster-kopie", "copie au postmaster", "report:", "abgewiesen: ",
    "wurde abgewiesen", "nicht abonniert", "refusé : ", "modération", "modérateur", "n'êtes pas",
    "moderación", "moderazione", "moderação", "moderatie", "вирус", "модерац", "wirus", "vírus", "ウイルス",
    "病毒",
    "바이러스", "kann nicht abbestellt", "unsubscribe", "subscription", "listserv", "majordomo", "ezmlm",
    "probe", "results of your", "your email commands", "command",
)  # fmt: skip
NOTICES = Stems(_NOTICES)

# What scanners find, and whose they say that it is.
_EVIL = (
    "virus", "infected", "violation", "trojan", "malware", "worm", "prohibited", "banned", "suspect",
    "suspekt",
    "disallowed", "вирус", "wirus", "vírus", "ウイルス", "病毒",
)  # fmt: skip
EVIL = Stems(_EVIL)
_YOURS = (
    "you sent", "from you", "your email ", "your e-mail ", "your message", "your mail ", "ihrer e-mail",
    "ihrer email",
    "ihrer nachricht", "ihrer mail", "von ihnen", "votre message", "votre e-mail", "votre courriel",
    "su mensaje",
    "su correo ", "suo messaggio", "tuo messaggio", "sua mensagem", "da lei inviato", "od ciebie",
    "вашем письм",
    "вашем сообщ", "вашего письм", "送信された", "您发送", "您的邮件",
)  # fmt: skip
YOURS = Stems(_YOURS)
# Phishing and providers speak of the reader's mailbox.
NO_ACCOUNT = r"(?! ?(?:account|box|address|inbox|folder|konto|postfach|adress))"

# The reader as the one who sent what a scanner found.
YOU_SENT = Stems(
    (
        "you sent", "sent by you", "you have sent", "message from you", "von ihnen gesendet", "von ihnen verschickt",
        "von ihnen gesandt", "ihrer nachricht an", "ihre nachricht an", "ihrer e-mail an", "ihre e-mail an",
        "que vous avez envoyé", "vous avez envoyé", "votre message à", "que usted envió", "usted ha enviado",
        "su mensaje a", "da lei inviato", "hai inviato", "ha inviato", "que você enviou", "você enviou uma",
        "sua mensagem para",
        "die u hebt verzonden", "u heeft verzonden", "uw bericht aan", "wysłan", "вашем письме", "ваше письмо",
        "вами отправлен", "送信された", "您发送", "您發送",
    )
)  # fmt: skip
# What was held back from the reader is none of the reader's.
TO_YOU = Stems(
    (
        "to you has been", "to you was", "to you contain", "addressed to you", "to you and ",
        "intended for you", "mail to you", "an sie gerichtet", "an sie adressiert",
        "für sie bestimmt", "vous est adress", "vous était adress", "vous était destin", "vous est destin",
        "dirigido a usted", "indirizzato a lei", "a lei indirizzato", "a lei destinato",
        "aan u gericht", "адресованное вам",
        "адресовано вам", "adresowana do ciebie",
    )
)  # fmt: skip
RISKS = Stems(("security risk", "security threat", "sicherheitsrisiko", "eicar", "blocked", "intercepted"))

# What tells the reader of mail that was held back *from* the reader, or counts it.
_DIGESTS = (
    "digest", "summary", "zusammenfassung", "übersicht", "récapitulatif", "résumé", "resumen",
    "riepilogo", "resumo", "overzicht", "podsumowanie", "new messages", "neue nachrichten", "statistic",
    "statistik", "aggregate", "weekly", "daily", "wöchentlich", "täglich", "hebdomadaire", "semanal",
    "settimanal",
)  # fmt: skip
DIGESTS = Stems(_DIGESTS)

# Of list servers only these: they send reminders, digests and welcomes, too.
_LIST_NOTICES = (
    "awaits moderator", "awaiting moderat", "await moderat", "held for", "is being held",
    "being held until", "not a member", "are not member", "non-member", "nonmember", "not allowed to post",
    "not subscribed", "not a list", "not a subscri", "post by non", "denied", "rejected", "refused",
    "abgewiesen", "refusé", "rejeté", "odrzucon", "отклон", "rechazad", "rifiutat", "rejeitad", "geweigerd",
    "your message to",
    "your mail to", "your post", "results of your", "your email commands", "output of your job", "command",
    "loop alert", "duplicated message-id", "kann nicht abbestellt", "probe", "undeliver",
    "modérat", "approbation", "moderación", "moderador", "moderazione", "moderatore", "moderação",
    "moderat", "модерац", "投稿", "承認",
    "nicht abonniert", "n'êtes pas", "size limit", "too large", "too big", "wartet auf", "zurückgehalten",
    "moderier", "abgelehnt", "attend l'appro", "en attente d", "en espera de", "in attesa di",
    "aguarda", "wacht op", "oczekuje na", "ожидает",
)  # fmt: skip
LIST_NOTICES = Stems(_LIST_NOTICES)

# A list that rejects a letter has not failed to deliver it.
_REJECTED = (
    "reject", "refus", "rejet", "abgewiesen", "zurückgewiesen", "rechaz", "rifiut", "respint", "rejeit",
    "geweiger", "denied",
)  # fmt: skip
REJECTED = Stems(_REJECTED)

# What people call a letter, where something says that it was not delivered; parcels and payments are not, either.
_LETTERS = (
    "mail", "message", "courriel", "mensaje", "correo", "messaggi", "mensagem", "nachricht", "bericht",
    "wiadomo", "zpráv", "üzenet", "ileti", "meddeland", "viesti", "сообщен", "письм", "メール", "邮件", "郵件",
    "메일", "melding", "meddelels", "správ", "mesaj", "повідомлен", "лист", "μήνυμα", "poruk", "sporočil",
    "missatge", "порук", "съобщен", "laišk", "ziņojum", "kirja", "skeyti", "הודעה", "رسالت", "رسالة", "پیام",
    "संदेश", "ข้อความ", "thư", "pesan", "surel", "rfc822", "smtp", "user unknown",
)  # fmt: skip
LETTER = Stems(_LETTERS)
MAIL = Stems(_LETTERS, ("recipient", "empfänger", "destinat", "postfach"))

# Prefixes of people's answers and forwards ("Re: Undeliverable: ..." is a person).
FORWARD = (
    "fwd:", "fw:", "wg:", "tr:", "rv:", "i:", "enc:", "doorst:", "pd:", "fs:", "转发:", "轉寄:", "fwd[",
    "[fwd:", "rv :", "tr :", "hf:", "vb:", "továbbítás:", "yml:", "ilt:", "пересл:", "reenv:",
)  # fmt: skip
ANSWER = (
    "re:", "re :", "aw:", "antw:", "antwort:", "sv:", "vs:", "odp:", "ynt:", "res:", "r:", "rif:",
    "回复:", "回覆:", "답장:", "re[", "atb:", "ref:", "отв:", "отг:", "vá:", *FORWARD,
)  # fmt: skip

# --- any of it, in a subject -------------------------------------------------------------------------------

COMPLAINTS = ("complaint about message", "abuse report", "feedback report", "spam report", "abuse complaint")
SUBJECTS = Stems(_FAILED, _DELAYED, _DELIVERED, _AWAY_FOR_SURE, _CHALLENGES_FOR_SURE, COMPLAINTS)
SYSTEM_SUBJECTS = Stems(_CHALLENGES, _NOTICES)
# One search for all that is asked of a subject: most have none of it.
ANY = Stems(
    _FAILED, _DELAYED, _DELIVERED, _AWAY_FOR_SURE, _AWAY, _CHALLENGES_FOR_SURE, _CHALLENGES, _NOTICES, _EVIL,
    COMPLAINTS, ("attachment",),
)  # fmt: skip
