package preflight

import (
	"strings"

	"github.com/storelink/storelink/internal/catalogue"
)

// chineseChecks are the checks by what they are about, for a person who reads Chinese.
var chineseChecks = map[string]string{
	CheckConfiguration: "配置",
	CheckKeys:          "密钥",
	CheckCertificate:   "证书",
	CheckPace:          "调用频率",
	CheckWeChatPay:     "微信支付",
	CheckClock:         "时钟",
	CheckRedis:         "Redis",
	CheckInstallation:  "多套环境",
	CheckSources:       "清单来源",
	CheckHooks:         "结束通知",
	CheckPage:          "网页",
	CheckCall:          "试调用",
}

// chineseCauses are what is not well, and what to do, by code. The message, which has the names and numbers, stays as
// it is: it is what a configuration's key or another program's answer is found by.
var chineseCauses = map[string]string{
	CodeBadConfig:          "配置有误，请按原文指出的文件、行号和配置项修改",
	CodeOpenFile:           "文件可被其他用户读取或修改，请收紧权限（chmod 600）",
	CodeCertificateExpired: "证书已过期或尚未生效，请换用有效的证书，并核对本机时钟",
	CodeCertificateExpires: "证书即将到期，请在到期前更换",
	CodeNoPace:             "未限制调用频率（rate 为 0），仅适用于压测；请删除该行或设为 20",
	CodeFastPace:           "调用频率高于微信支付默认允许的每秒 20 次，超出的调用会被拒绝（429）",
	CodeFewCalls:           "并发数偏小，应答较慢时用不满调用频率，请调大 concurrency",
	CodeForeignHost:        "base_url 不是微信支付的域名；若不是自建网关，请删除该行",
	CodeUnknownHost:        "域名无法解析，请检查地址是否写错，以及本机的 DNS",
	CodeUnreachable:        "连接不上，请检查网络、防火墙和代理（HTTPS_PROXY）",
	CodeUntrusted:          "对方的 TLS 证书不可信，请检查地址、本机时钟、根证书（ca-certificates）以及中间的代理",
	CodeNotAnAPI:           "应答方不是微信支付，请检查 base_url 以及中间的代理",
	CodeClock:              "本机时钟不准，相差 5 分钟以上的调用会被拒绝；请校准并开启自动对时（timedatectl set-ntp true）",
	CodeClockUnknown:       "无法与微信支付核对时钟，请确认本机已开启自动对时（timedatectl）",
	CodeNoRedis:            "没有配置 Redis，请在配置的 redis、环境变量 STORELINK_REDIS 或 --redis 中给出",
	CodeRedisAway:          "连接不上 Redis，请检查 Redis 是否在运行、地址是否正确",
	CodeNotRedis:           "该地址上的服务不是 Redis，请检查 Redis 的地址",
	CodeRedisRefuses:       "Redis 拒绝访问或无法使用，请检查密码、用户权限、版本（7.0 以上）、内存和主从角色",
	CodeRedisMayForget:     "Redis 崩溃时可能丢失已确认的数据，请设置 appendonly yes 和 appendfsync always",
	CodeRedisMayEvict:      "Redis 内存不足时可能淘汰数据，请把 maxmemory-policy 设为 noeviction",
	CodeRedisFull:          "Redis 内存即将用尽，请扩容或清理",
	CodeRedisVersion:       "无法得知 Redis 的版本，请确认是 7.0 以上",
	CodeRedisCluster:       "这是 Redis 集群的一个节点，请把地址写成 redis-cluster://",
	CodeFolder:             "目录无法使用，请检查它是否存在，以及 worker 的用户是否有权限",
	CodePrivateHost:        "该域名只有内网地址，默认拒绝访问；确有需要时请列入对应的 private",
	CodeNoSecret:           "没有配置 notify.secret，JSON 格式的结束通知不会发送（企业微信机器人不受影响）",
	CodeAddressInUse:       "该地址已有程序在监听；若不是使用同一配置的 worker，请用 http 或 --http 换一个地址",
	CodeAddress:            "无法监听该地址，请用 http 或 --http 换一个地址",
	CodePageOpen:           "其他机器可以打开网页，而保护不足，请设置 TLS 证书和登录令牌，或只监听 127.0.0.1",
	CodeOtherInstallation:  "同一个 Redis 上另有 worker 以不同的商户（或品牌）或不同的微信支付地址服务同名账号；请让两套环境各用各的 Redis，或换用不同的账号名",
	CodeWrongAnswerKey:     "微信支付的应答验签失败，请核对微信支付公钥（或平台证书）及其 ID（或序列号）",
}

// About names what was looked at, in a language.
func (r Result) About(lang catalogue.Lang) string {
	about := r.Check
	if name := chineseChecks[r.Check]; name != "" && lang == catalogue.Chinese {
		about = name
	}
	if r.Subject != "" {
		about += " " + r.Subject
	}
	return about
}

// Say tells what was found, in a language: in Chinese the cause and what to do, and the message as it is.
func (r Result) Say(lang catalogue.Lang) string {
	if lang != catalogue.Chinese || r.Code == "" {
		return r.Message
	}
	cause := chineseCauses[r.Code]
	if e, ok := catalogue.Find(r.Code, ""); ok && cause == "" {
		if cause = e.Say(lang); strings.Contains(r.Message, cause) {
			return r.Message
		}
	}
	if cause == "" {
		return r.Message
	}
	return strings.TrimSuffix(cause, "。") + "。原文：" + r.Message
}
