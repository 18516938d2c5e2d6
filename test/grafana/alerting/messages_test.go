package alerting

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"text/template"
	"time"

	alertmanager "github.com/prometheus/alertmanager/template"
)

const (
	root     = "https://grafana.example.com/"
	wecomMax = 4096  // bytes of Markdown; above, error 40058 and nobody is told
	cardMax  = 20000 // bytes of a DingTalk robot's message
	smsMax   = 500   // characters that the gateways take
	longest  = 64    // bytes of device_no, as the processor takes it
	channel  = 32    // characters of a channel or oven, as the rules cut it
)

// An alert and a notification as Grafana's templates see them.

type alert struct {
	Status       string
	Labels       alertmanager.KV
	Annotations  alertmanager.KV
	StartsAt     time.Time
	EndsAt       time.Time
	GeneratorURL string
	Fingerprint  string
	SilenceURL   string
	DashboardURL string
	PanelURL     string
	Values       map[string]float64
	ValueString  string
	ImageURL     string
}

type alerts []alert

func (as alerts) with(status string) []alert {
	some := []alert{}
	for _, a := range as {
		if a.Status == status {
			some = append(some, a)
		}
	}
	return some
}
func (as alerts) Firing() []alert   { return as.with("firing") }
func (as alerts) Resolved() []alert { return as.with("resolved") }

type notification struct {
	Receiver                                     string
	Status                                       string
	Alerts                                       alerts
	GroupLabels, CommonLabels, CommonAnnotations alertmanager.KV
	ExternalURL                                  string
}

// The functions that a template of Grafana 12.3 may use; a newer Alertmanager has more.
func functions() template.FuncMap {
	known := template.FuncMap{}
	for _, name := range []string{"toUpper", "toLower", "title", "trimSpace", "join", "match", "safeHtml", "reReplaceAll", "stringSlice", "date", "tz"} {
		known[name] = alertmanager.DefaultFuncs[name]
	}
	return known
}

func parse(t *testing.T, all files) *template.Template {
	t.Helper()
	parsed := template.New("").Option("missingkey=zero").Funcs(functions())
	for _, text := range all.templates {
		if _, err := parsed.Parse(text); err != nil {
			t.Fatal(err)
		}
	}
	return parsed
}

func render(t *testing.T, texts *template.Template, text string, data notification) string {
	t.Helper()
	clone, err := texts.Clone()
	if err != nil {
		t.Fatal(err)
	}
	if clone, err = clone.New("setting").Parse(text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var out strings.Builder
	if err := clone.Execute(&out, data); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if rendered := out.String(); strings.Contains(rendered, "no value") || strings.Contains(rendered, "%!") {
		t.Errorf("%s leaves holes:\n%s", text, rendered)
	}
	return out.String()
}

type value struct {
	Labels map[string]string
	Value  float64
}

// annotate expands a rule's annotation as the rule's evaluation does: raw text, $labels and $values, other functions.
func annotate(t *testing.T, text string, labels map[string]string, values map[string]value) string {
	t.Helper()
	parsed, err := template.New("").Option("missingkey=invalid").Funcs(template.FuncMap{
		"externalURL":      func() string { return root },
		"reReplaceAll":     alertmanager.DefaultFuncs["reReplaceAll"],
		"humanizeDuration": alertmanager.DefaultFuncs["humanizeDuration"],
	}).Parse("{{- $labels := .Labels -}}{{- $values := .Values -}}" + text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var out strings.Builder
	if err := parsed.Execute(&out, map[string]any{"Labels": labels, "Values": values}); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return strings.ReplaceAll(out.String(), "<no value>", "[no value]")
}

// A measure that a person can find again in the text, and how the text says it.
var measures = map[string]struct {
	a, b float64
	says string
}{
	"vending-offline":        {a: 372, says: "6m 12s"},
	"vending-freezer":        {a: -8.25, b: 1, says: "-8.2 °C"},
	"vending-vandalism":      {a: 3, b: 3.7, says: "3.7 g"},
	"vending-silent":         {a: 372, says: "6m 12s"},
	"vending-voltage":        {a: 187.4, says: "187.4 V"},
	"vending-jams":           {a: 4, says: "4 次"},
	"vending-oven":           {a: 2, says: "2 次"},
	"vending-ingest-stopped": {a: 372, says: "6m 12s"},
	"vending-ingest-idle":    {a: 372, says: "6m 12s"},
	"vending-ingest-rejects": {a: 2.345, says: "2.35 %"},
	"vending-ingest-losses":  {a: 1000, says: "1000 行"},
}

func sample(t *testing.T, r rule, device string) alert {
	t.Helper()
	measure, known := measures[r.UID]
	if !known {
		t.Fatalf("%s: what its message says is not in this test", r.UID)
	}
	labels := map[string]string{"device_no": device, "region": "SH", "zone": "2", "channel_id": "M-05", "oven_id": "OVEN_A", "since": "11-25 10:45"}
	if r.Labels["kind"] == "ingest" {
		labels = map[string]string{"instance": "telegraf", "output": "postgresql"}
	}
	values := map[string]value{"A": {Value: measure.a}}
	if measure.b != 0 {
		values["B"] = value{Value: measure.b}
	}
	annotations := alertmanager.KV{}
	for name, text := range r.Annotations {
		annotations[name] = annotate(t, text, labels, values)
	}
	all := alertmanager.KV{"alertname": interpolate(r.Title), "grafana_folder": "alerts"}
	maps.Copy(all, labels)
	for name, text := range r.Labels {
		all[name] = interpolate(text)
	}
	return alert{
		Status: "firing", Labels: all, Annotations: annotations, StartsAt: time.Date(2026, 11, 25, 2, 45, 30, 0, time.UTC),
		SilenceURL: root + "alerting/silence/new?alertmanager=grafana&matcher=device_no%3D" + device,
	}
}

func resolved(a alert) alert {
	a.Status, a.EndsAt = "resolved", a.StartsAt.Add(time.Hour)
	return a
}

func notice(some ...alert) notification {
	data := notification{Receiver: "any", Status: "resolved", Alerts: some, ExternalURL: root,
		GroupLabels: alertmanager.KV{"alertname": some[0].Labels["alertname"]}}
	if len(data.Alerts.Firing()) > 0 {
		data.Status = "firing"
	}
	return data
}

// What each channel shows, as its notifier puts title and text together.
func shown(t *testing.T, texts *template.Template, point contactPoint, data notification) string {
	t.Helper()
	title, message := "title", "message"
	if point.Receivers[0].Type == "email" {
		title = "subject"
	}
	title, message = render(t, texts, setting(point, title), data), render(t, texts, setting(point, message), data)
	if strings.Contains(title, "\n") {
		t.Errorf("%s: the title has more than one line: %q", point.Name, title)
	}
	if !strings.Contains(title, "售货机") {
		t.Errorf("%s: the DingTalk robot's keyword is not in %q", point.Name, title)
	}
	switch point.Receivers[0].Type {
	case "wecom":
		return "# " + title + "\n" + message + "\n"
	case "webhook":
		return message // the title is another field of the JSON
	default:
		return title + "\n" + message
	}
}

func TestEveryMessageSaysWhatItHasTo(t *testing.T) {
	all := load(t)
	texts := parse(t, all)
	for _, r := range all.rules {
		firing := sample(t, r, "VM-SH-001")
		for _, point := range all.contactPoints {
			if point.Name == phone && r.UID != "vending-vandalism" {
				continue
			}
			for _, data := range []notification{notice(firing), notice(resolved(firing)), notice(firing, resolved(firing))} {
				if point.Receivers[0].DisableResolveMessage && data.Status == "resolved" {
					continue
				}
				text := shown(t, texts, point, data)
				wanted := []string{measures[r.UID].says, firing.Labels["alertname"]}
				if r.Labels["kind"] == "ingest" {
					wanted = append(wanted, "采集")
				} else {
					wanted = append(wanted, "VM-SH-001", "SH")
				}
				switch r.UID {
				case "vending-freezer":
					wanted = append(wanted, "2 号温区 zone 2", "门开着 door open")
				case "vending-jams":
					wanted = append(wanted, "M-05")
				case "vending-oven":
					wanted = append(wanted, "OVEN_A")
				case "vending-vandalism":
					wanted = append(wanted, "11-25 10:45")
				}
				if point.Name != phone {
					wanted = append(wanted, "https://grafana.example.com/d/vending-")
					if len(data.Alerts.Firing()) > 0 {
						wanted = append(wanted, "告警")
					}
					if len(data.Alerts.Resolved()) > 0 {
						wanted = append(wanted, "恢复")
					}
				}
				if point.Name == dingtalk || point.Name == wecom || point.Name == email {
					wanted = append(wanted, "11-25 10:45:30") // Asia/Shanghai
				}
				for _, piece := range wanted {
					if !strings.Contains(text, piece) {
						t.Errorf("%s to %s does not say %q:\n%s", r.UID, point.Name, piece, text)
					}
				}
			}
		}
	}
}

func TestTheLinkOpensTheMachine(t *testing.T) {
	for _, r := range load(t).rules {
		want := root + "d/vending-device?var-device=VM-SH-001%3Aa"
		if r.Labels["kind"] == "ingest" {
			want = root + "d/vending-ingest"
		}
		if got := sample(t, r, "VM-SH-001:a").Annotations["link"]; got != want {
			t.Errorf("%s links to %s", r.UID, got)
		}
	}
}

func TestAClosedDoorIsNotMentioned(t *testing.T) {
	for _, r := range load(t).rules {
		if r.UID == "vending-freezer" {
			labels := map[string]string{"device_no": "VM-SH-001", "zone": "2"}
			for _, values := range []map[string]value{{"A": {Value: -8}}, {"A": {Value: -8}, "B": {Value: 0}}} {
				if text := annotate(t, r.Annotations["summary"], labels, values); text != "2 号温区 zone 2: -8.0 °C" {
					t.Errorf("%v: %s", values, text)
				}
			}
		}
	}
}

// The alert of a query that failed has no values and none of the query's labels, but goes through the same texts.
func TestAFailedQueryIsTold(t *testing.T) {
	all := load(t)
	texts := parse(t, all)
	for _, r := range all.rules {
		annotations := alertmanager.KV{}
		for name, text := range r.Annotations {
			annotations[name] = text // an annotation that cannot be expanded stays as it is
		}
		failed := alert{Status: "firing", StartsAt: time.Now(), Annotations: annotations,
			Labels: alertmanager.KV{"alertname": "DatasourceError", "rulename": r.Title, "datasource_uid": "timescaledb", "ref_id": "A"}}
		for _, point := range all.contactPoints {
			if text := shown(t, texts, point, notice(failed)); !strings.Contains(text, "查询失败 Query failed: "+r.Title) {
				t.Errorf("%s to %s:\n%s", r.UID, point.Name, text)
			}
		}
	}
}

// A region without power, with the longest names and numbers that there can be.
func TestNoMessageIsTooLong(t *testing.T) {
	all := load(t)
	texts := parse(t, all)
	for _, r := range all.rules {
		many := []alert{}
		for i := 0; i < 1000; i++ {
			device := fmt.Sprintf("VM-%s-%04d", strings.Repeat("W", longest-8), i)
			one := sample(t, r, device)
			for _, name := range []string{"channel_id", "oven_id", "instance", "output"} {
				if _, has := one.Labels[name]; has {
					one.Labels[name] = strings.Repeat("道", channel)
				}
			}
			one.Labels["region"] = strings.Repeat("W", longest-8)
			one.Annotations["summary"] = annotate(t, r.Annotations["summary"], one.Labels, map[string]value{"A": {Value: 604800.123}, "B": {Value: 1}})
			one.Annotations["summary"] += strings.Repeat("长", 500)
			if i%2 == 1 {
				one = resolved(one)
			}
			many = append(many, one)
		}
		for _, point := range all.contactPoints {
			text := shown(t, texts, point, notice(many...))
			switch size := len(text); {
			case point.Name == wecom && size > wecomMax:
				t.Errorf("%s: %d bytes for WeCom", r.UID, size)
			case point.Name == dingtalk && size > cardMax:
				t.Errorf("%s: %d bytes for DingTalk", r.UID, size)
			case (point.Name == sms || point.Name == phone) && len([]rune(text)) > smsMax:
				t.Errorf("%s: %d characters for %s:\n%s", r.UID, len([]rune(text)), point.Name, text)
			}
			if point.Name != phone && !regexp.MustCompile(`in all (500|1000)\b`).MatchString(text) {
				t.Errorf("%s: %s does not say how many there are:\n%.2000s", r.UID, point.Name, text)
			}
		}
	}
}

func TestOneOfManyIsNotCounted(t *testing.T) {
	all := load(t)
	texts := parse(t, all)
	few := notice(sample(t, all.rules[0], "VM-SH-001"), sample(t, all.rules[0], "VM-SH-002"))
	for _, point := range all.contactPoints {
		if text := shown(t, texts, point, few); strings.Contains(text, "in all") {
			t.Errorf("%s:\n%s", point.Name, text)
		}
	}
}
