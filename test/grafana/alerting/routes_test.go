package alerting

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"
)

const (
	dingtalk = "钉钉 DingTalk"
	wecom    = "企业微信 WeCom"
	email    = "邮件 E-mail"
	sms      = "短信 SMS"
	phone    = "电话 Phone"
)

// The tree as Alertmanager's own configuration, whose loader then refuses what Grafana's (a fork of it) refuses: an unknown receiver, matchers on
// the root, a label twice in group_by, an interval of zero.
func asAlertmanager(r route) map[string]any {
	out := map[string]any{}
	set := func(key, value string) {
		if value != "" {
			out[key] = interpolate(value)
		}
	}
	set("receiver", r.Receiver)
	set("group_wait", r.GroupWait)
	set("group_interval", r.GroupInterval)
	set("repeat_interval", r.RepeatInterval)
	if r.GroupBy != nil {
		out["group_by"] = r.GroupBy
	}
	if r.Continue {
		out["continue"] = true
	}
	matchers := []string{}
	for _, m := range r.ObjectMatchers {
		matchers = append(matchers, fmt.Sprintf("%s%s%q", m[0], m[1], interpolate(m[2])))
	}
	if len(matchers) > 0 {
		out["matchers"] = matchers
	}
	routes := []map[string]any{}
	for _, child := range r.Routes {
		routes = append(routes, asAlertmanager(child))
	}
	if len(routes) > 0 {
		out["routes"] = routes
	}
	return out
}

func loadRoutes(t *testing.T, all files) *dispatch.Route {
	t.Helper()
	receivers := []map[string]any{}
	for _, point := range all.contactPoints {
		receivers = append(receivers, map[string]any{"name": point.Name})
	}
	text, err := yaml.Marshal(map[string]any{"route": asAlertmanager(all.policy), "receivers": receivers})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(string(text))
	if err != nil {
		t.Fatalf("the policies are refused: %v\n%s", err, text)
	}
	return dispatch.NewRoute(loaded.Route, nil)
}

func labelsOf(r rule) model.LabelSet {
	labels := model.LabelSet{"alertname": model.LabelValue(interpolate(r.Title)), "grafana_folder": "alerts", "device_no": "VM-SH-001", "region": "SH"}
	for name, value := range r.Labels {
		labels[model.LabelName(name)] = model.LabelValue(interpolate(value))
	}
	return labels
}

func receiversOf(tree *dispatch.Route, labels model.LabelSet) []string {
	names := []string{}
	for _, matched := range tree.Match(labels) {
		names = append(names, matched.RouteOpts.Receiver)
	}
	slices.Sort(names)
	return names
}

// The first three are the owner's own table of who is told, the rest is ours
// (grafana/README.md, Alerts).
func TestEachRuleReachesItsChannels(t *testing.T) {
	all := load(t)
	tree := loadRoutes(t, all)
	expected := map[string][]string{
		"vending-offline":        {dingtalk, wecom},
		"vending-freezer":        {sms, email},
		"vending-vandalism":      {phone, sms},
		"vending-silent":         {dingtalk, wecom},
		"vending-voltage":        {dingtalk, wecom},
		"vending-jams":           {dingtalk, wecom},
		"vending-oven":           {dingtalk, wecom},
		"vending-ingest-stopped": {sms, email},
		"vending-ingest-idle":    {sms, email},
		"vending-ingest-rejects": {dingtalk, wecom, email},
		"vending-ingest-losses":  {dingtalk, wecom, email},
	}
	for _, r := range all.rules {
		want, known := expected[r.UID]
		if !known {
			t.Errorf("%s: its channels are not in this test", r.UID)
			continue
		}
		delete(expected, r.UID)
		slices.Sort(want)
		if got := receiversOf(tree, labelsOf(r)); !slices.Equal(got, want) {
			t.Errorf("%s goes to %v, not to %v", r.UID, got, want)
		}
	}
	for uid := range expected {
		t.Errorf("%s: no such rule", uid)
	}
}

func TestAForeignAlertGoesToTheRoot(t *testing.T) {
	all := load(t)
	if got := receiversOf(loadRoutes(t, all), model.LabelSet{"alertname": "of somebody's own"}); !slices.Equal(got, []string{email}) {
		t.Errorf("goes to %v", got)
	}
}

// A failed query keeps the rule's labels and gets another name: it has to reach the same people.
func TestAFailedQueryGoesWhereItsRuleGoes(t *testing.T) {
	all := load(t)
	tree := loadRoutes(t, all)
	for _, r := range all.rules {
		labels := labelsOf(r)
		want := receiversOf(tree, labels)
		labels["rulename"], labels["alertname"] = labels["alertname"], "DatasourceError"
		delete(labels, "device_no")
		delete(labels, "region")
		if got := receiversOf(tree, labels); !slices.Equal(got, want) {
			t.Errorf("%s: goes to %v, not to %v", r.UID, got, want)
		}
	}
}

// A hot freezer or vandalism rings within a minute of landing: 20 s to the next evaluation, and no long wait for company.
func TestUrgentAlertsDoNotWait(t *testing.T) {
	all := load(t)
	tree := loadRoutes(t, all)
	for _, r := range all.rules {
		if r.Labels["severity"] != "critical" {
			continue
		}
		for _, matched := range tree.Match(labelsOf(r)) {
			if wait := matched.RouteOpts.GroupWait; wait > 10*time.Second {
				t.Errorf("%s waits %v on its way to %s", r.UID, wait, matched.RouteOpts.Receiver)
			}
		}
	}
}

// Two machines attacked are two calls; a hundred machines without power are one message a region.
func TestGroups(t *testing.T) {
	all := load(t)
	tree := loadRoutes(t, all)
	for _, r := range all.rules {
		for _, matched := range tree.Match(labelsOf(r)) {
			_, byMachine := matched.RouteOpts.GroupBy["device_no"]
			_, byRule := matched.RouteOpts.GroupBy["alertname"]
			if byMachine != (r.UID == "vending-vandalism") || !byRule {
				t.Errorf("%s: %s groups by %v", r.UID, matched.RouteOpts.Receiver, matched.RouteOpts.GroupBy)
			}
		}
	}
}

func TestOnlyThePhoneKeepsSilentAboutTheEnd(t *testing.T) {
	for _, point := range load(t).contactPoints {
		if len(point.Receivers) != 1 {
			t.Errorf("%s has %d receivers", point.Name, len(point.Receivers))
		} else if point.Receivers[0].DisableResolveMessage != (point.Name == phone) {
			t.Errorf("%s: disableResolveMessage is %v", point.Name, point.Receivers[0].DisableResolveMessage)
		}
	}
}
