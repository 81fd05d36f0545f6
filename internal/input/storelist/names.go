package storelist

import (
	"strings"
	"unicode"
)

// family is what a column of IDs holds, by its name.
type family int

const (
	noFamily  family = iota
	wechat           // WeChat Pay's store IDs
	ownNumber        // the merchant's own numbers, which WeChat Pay calls store_reference_id and 商家门店编号
	ambiguous        // either
)

// families are the names of columns, as Fold gives them.
var families = func() map[string]family {
	all := map[string]family{}
	for f, names := range map[family]string{
		wechat: `storeid storeids wechatstoreid wechatpaystoreid wxstoreid weixinstoreid wechatshopid wxshopid 门店id 店铺id 微信门店id 微信店铺id
			微信门店编号 微信门店号 微信支付门店id 微信支付门店编号 微信支付门店号 微信支付品牌门店id 微信品牌门店id 品牌门店id`,
		ownNumber: `storereferenceid storereference storereferenceno storereferencenumber storerefid referenceid merchantstoreid merchantstoreno
			merchantstorenumber merchantstorecode outstoreid outstoreno outstorecode outshopid externalstoreid externalstorecode ownstoreid ownstorenumber ownid
			erpstoreid erpstorecode erpstoreno 商家门店编号 商户门店编号 商家门店编码 商户门店编码 商家门店id 商户门店id 商家门店号 商户门店号 商家门店代码 商户门店代码
			商家自定义门店编号 商户自定义门店编号 自定义门店编号 自定义门店编码 自定义门店id 商家自有门店编号 自有门店编号 自有门店编码 自有编号 内部门店编号 内部门店编码 内部编号
			外部门店编号 外部门店编码 外部门店id erp门店编号 erp门店编码 erp编码 erp编号 erp门店id 商家店铺编号 商户店铺编号 商家内部门店编号 商户内部门店编号
			门店自编号 门店自定义编号 门店自定义编码 商家侧门店编号 商户侧门店编号 商家侧门店id 商户侧门店id`,
		ambiguous: `storeno storenos storenumber storenumbers storecode storecodes 门店编号 门店编码 门店号 门店代码 门店号码 店铺编号 店铺编码 店铺号 店铺代码
			品牌门店编号 品牌门店编码 店号 店编号 店编码 店代码 分店编号 分店编码`,
	} {
		for _, name := range strings.Fields(names) {
			all[name] = f
		}
	}
	return all
}()

// familyOf says what a column holds by its name. What stands in brackets behind a name may say it better: 门店编号（商家自定义）.
func familyOf(name string) family {
	if len(name) > 200 {
		return noFamily
	}
	if f := families[Fold(name)]; f != noFamily {
		return f
	}
	at := strings.IndexAny(name, "(（[【〔<《")
	if at <= 0 {
		return noFamily
	}
	f, said := families[Fold(name[:at])], Fold(name[at:])
	switch {
	case f == noFamily:
	case containsAny(said, "商家", "商户", "自定义", "自编", "内部", "自有", "erp", "own", "merchant", "reference"):
		return ownNumber
	case containsAny(said, "微信", "wechat"):
		return wechat
	}
	return f
}

func containsAny(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// Fold gives a column's name without what people write in different ways: case, width, traditional characters, the marks of a
// form's field that must be filled in (*门店编号, 门店编号（必填）), and all but letters and digits.
func Fold(s string) string {
	wide := false
	s = strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' { // the full-width forms of ASCII, in its order
			r -= '！' - '!'
		}
		wide = wide || r >= 0x80
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, s)
	if wide {
		s = strings.ReplaceAll(simplified.Replace(s), "必填", "")
	}
	return strings.TrimSuffix(s, "required")
}

// simplified puts the traditional characters of columns' names into simplified ones.
var simplified = strings.NewReplacer("門", "门", "編", "编", "號", "号", "碼", "码", "鋪", "铺", "舖", "铺", "戶", "户", "戸", "户", "義", "义", "內", "内",
	"識", "识", "別", "别", "單", "单", "賬", "账", "帳", "账", "選", "选", "稱", "称", "塡", "填", "組", "组", "優", "优", "級", "级", "總", "总")

// nameWords are what names of columns of IDs are made of, in identifiers such as shop_code or poiId.
var nameWords = func() map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(`id ids no nos num number numbers code codes key ref reference name names store stores shop shops poi outlet outlets
		branch branches site location restaurant dealer merchant mch wx wechat weixin pay external ext out own my our sn uid uuid guid identifier
		storeid storeno storecode storename storelist storenumber shopid shopcode shopno shopname poiid list erp pos brand sub biz item index
		seq serial city province region area district address status state type remark remarks title phone tel`) {
		all[w] = true
	}
	return all
}()

// columnName says whether a text that could be an ID is a column's name instead: one that is known, or an identifier that is
// made of the words of such names.
func columnName(s string) bool {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			return false
		}
	}
	if s == "" || len(s) > 200 {
		return false
	}
	if familyOf(s) != noFamily || loneNames[Fold(s)] {
		return true
	}
	word, words := []byte{}, 0
	for i := 0; i <= len(s); i++ {
		end := i == len(s) || !isLetter(s[i]) || i > 0 && isUpper(s[i]) && !isUpper(s[i-1])
		if end && len(word) > 0 {
			if !nameWords[string(word)] {
				return false
			}
			word, words = word[:0], words+1
		}
		switch {
		case i == len(s):
		case isLetter(s[i]):
			word = append(word, s[i]|0x20)
		case strings.IndexByte("_-. #*:()/", s[i]) < 0:
			return false
		}
	}
	return words > 0
}

// loneNames are what people write above a lone column, as Fold gives it.
var loneNames = map[string]bool{"门店": true, "店铺": true, "编号": true, "编码": true, "门店列表": true, "门店清单": false, "storelist": true, "shopid": true}

func isLetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }
func isUpper(c byte) bool  { return c >= 'A' && c <= 'Z' }
