package alerting

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const folder = "../../../grafana/provisioning/alerting"

// What the files hold, as far as messages and routes need it. Types of fields as Grafana reads them; unknown keys are errors where they matter.

type contactPoint struct {
	OrgID     int64  `yaml:"orgId"`
	Name      string `yaml:"name"`
	Receivers []struct {
		UID                   string         `yaml:"uid"`
		Type                  string         `yaml:"type"`
		DisableResolveMessage bool           `yaml:"disableResolveMessage"`
		Settings              map[string]any `yaml:"settings"`
	} `yaml:"receivers"`
}

type route struct {
	OrgID          int64      `yaml:"orgId"`
	Receiver       string     `yaml:"receiver"`
	GroupBy        []string   `yaml:"group_by"`
	ObjectMatchers [][]string `yaml:"object_matchers"`
	Continue       bool       `yaml:"continue"`
	GroupWait      string     `yaml:"group_wait"`
	GroupInterval  string     `yaml:"group_interval"`
	RepeatInterval string     `yaml:"repeat_interval"`
	Routes         []route    `yaml:"routes"`
}

type rule struct {
	UID         string            `yaml:"uid"`
	Title       string            `yaml:"title"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

type files struct {
	contactPoints []contactPoint
	policy        route
	rules         []rule
	templates     []string
}

func read(t *testing.T, name string, into any, strict bool) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(strict)
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func load(t *testing.T) files {
	t.Helper()
	var points struct {
		APIVersion    int            `yaml:"apiVersion"`
		ContactPoints []contactPoint `yaml:"contactPoints"`
	}
	read(t, "contact-points.yaml", &points, true)
	var policies struct {
		APIVersion int     `yaml:"apiVersion"`
		Policies   []route `yaml:"policies"`
	}
	read(t, "policies.yaml", &policies, true)
	if len(policies.Policies) != 1 {
		t.Fatalf("%d policy trees: the last one would replace the others", len(policies.Policies))
	}
	var texts struct {
		APIVersion int `yaml:"apiVersion"`
		Templates  []struct {
			OrgID    int64  `yaml:"orgId"`
			Name     string `yaml:"name"`
			Template string `yaml:"template"`
		} `yaml:"templates"`
	}
	read(t, "templates.yaml", &texts, true)
	var groups struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	read(t, "rules.yaml", &groups, false)

	all := files{contactPoints: points.ContactPoints, policy: policies.Policies[0]}
	for _, text := range texts.Templates {
		all.templates = append(all.templates, text.Template)
	}
	for _, group := range groups.Groups {
		all.rules = append(all.rules, group.Rules...)
	}
	if len(all.rules) == 0 || len(all.templates) == 0 || len(all.contactPoints) == 0 {
		t.Fatal("rules, templates or contact points are missing")
	}
	return all
}

// interpolate does what Grafana does with the strings of contact points, policies, titles and labels: $$ is a dollar, $X and ${X} a variable.
func interpolate(text string) string {
	parts := strings.Split(text, "$$")
	for i, part := range parts {
		parts[i] = os.Expand(part, func(name string) string {
			if strings.HasSuffix(name, "_URL") {
				return "https://gateway.example.com/" + strings.ToLower(name)
			}
			return "value-of-" + name
		})
	}
	return strings.Join(parts, "$")
}

func setting(point contactPoint, name string) string {
	return interpolate(fmt.Sprint(point.Receivers[0].Settings[name]))
}
