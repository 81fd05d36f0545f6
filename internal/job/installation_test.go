package job_test

import (
	"testing"

	"github.com/storelink/storelink/internal/job"
)

func TestInstallationsDifferByWhoTheyAreAndWhereTheirCallsGo(t *testing.T) {
	t.Parallel()
	const own, spare = "https://api.mch.weixin.qq.com", "https://api2.mch.weixin.qq.com"
	production := job.NewInstallation(job.Partner, "1900000001", own, spare)
	for name, c := range map[string]struct {
		other job.Installation
		same  bool
	}{
		"itself":               {production, true},
		"on the spare host":    {job.NewInstallation(job.Partner, "1900000001", spare, ""), true},
		"on the newer spare":   {job.NewInstallation(job.Partner, "1900000001", "https://api2.wechatpay.cn:443/", ""), true},
		"in capitals":          {job.NewInstallation(job.Partner, "1900000001", "HTTPS://API.mch.weixin.qq.com", ""), true},
		"of unknown hosts":     {job.NewInstallation(job.Partner, "1900000001", "", ""), true},
		"another merchant":     {job.NewInstallation(job.Partner, "1900000002", own, spare), false},
		"a brand":              {job.NewInstallation(job.Brand, "1900000001", own, spare), false},
		"another host":         {job.NewInstallation(job.Partner, "1900000001", "https://staging.example", ""), false},
		"another port":         {job.NewInstallation(job.Partner, "1900000001", own+":8443", ""), false},
		"something not known":  {job.Installation{}, false},
		"another merchant, of": {job.NewInstallation(job.Partner, "1900000002", "", ""), false},
	} {
		if production.Same(c.other) != c.same || c.other.Same(production) != c.same {
			t.Errorf("%s: same is not %v", name, c.same)
		}
	}
	gateway := job.NewInstallation(job.Partner, "1", "https://a.example", "https://b.example")
	if !gateway.Same(job.NewInstallation(job.Partner, "1", "https://b.example", "")) {
		t.Error("a gateway's spare host is another installation")
	}
	text, _ := gateway.MarshalText()
	var back job.Installation
	if err := back.UnmarshalText(text); err != nil || back.String() != gateway.String() || !back.Same(gateway) || len(back.Hosts) != 2 {
		t.Errorf("%q is read as %+v", text, back)
	}
}
