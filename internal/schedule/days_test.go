package schedule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/schedule"
)

func TestSevenIsSundayAsInOtherCrons(t *testing.T) {
	t.Parallel()
	for expression, same := range map[string]string{
		"0 3 * * 7": "0 3 * * 0", "0 3 * * 5-7": "0 3 * * 0,5,6", "0 3 * * 1-7/2": "0 3 * * 0,1,3,5", "0 3 * * fri-7,2": "0 3 * * 0,2,5,6",
		"0 3 * * 0-7": "0 3 * * *", "0 3 * * */2": "0 3 * * 0,2,4,6",
	} {
		r, err := schedule.ParseRhythm(expression, "UTC")
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		want, err := schedule.ParseRhythm(same, "UTC")
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
		for a, b := at, at; a.Before(at.AddDate(0, 0, 15)); {
			if a, b = r.Next(a), want.Next(b); !a.Equal(b) {
				t.Errorf("%s comes at %s, and %s at %s", expression, a, same, b)
				break
			}
		}
	}
}

func TestAStepThatIsLongerThanItsFieldMakesNoSchedule(t *testing.T) {
	t.Parallel()
	for expression, says := range map[string]string{"*/90 * * * *": "@every 90m", "0 */48 * * *": "the hour", "0 0 */40 * *": "the day of month",
		"0-30/61 * * * *": "a step of 61", "0 0 * * 8": "--cron"} {
		d := schedule.Definition{Name: "x", Cron: expression, Timezone: "UTC"}
		if err := d.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", expression, err)
		}
	}
	for _, expression := range []string{"*/59 * * * *", "0 */23 * * *", "0 0 1-31/30 * *"} {
		d := schedule.Definition{Name: "x", Cron: expression, Timezone: "UTC"}
		if err := d.Check(); err != nil && strings.Contains(err.Error(), "--cron") {
			t.Errorf("%s: %v", expression, err)
		}
	}
}
