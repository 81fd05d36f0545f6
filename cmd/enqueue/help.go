package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/storelink/storelink/internal/i18n"
)

// helpIn is the language of --help: as that of all that goes to standard output, but known before the flags are read.
func (a *app) helpIn(args []string) i18n.Lang {
	asked := *a
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, "--lang="); ok {
			asked.lang = value
		} else if arg == "--lang" && i+1 < len(args) {
			asked.lang = args[i+1]
		}
	}
	return i18n.Lang(asked.tongue(a.screen))
}

// help is a text of a command's help.
func (a *app) help(message string, args ...any) string { return i18n.M(message, args...).In(a.helps) }

// flagSet are flags whose usage is a message.
type flagSet struct {
	*pflag.FlagSet
	lang i18n.Lang
}

// flags are a command's own.
func (a *app) flags(cmd *cobra.Command) flagSet { return flagSet{cmd.Flags(), a.helps} }

func (f flagSet) addString(p *string, name, value, message string, args ...any) {
	f.FlagSet.StringVar(p, name, value, i18n.M(message, args...).In(f.lang))
	f.defaults(name, "")
}

func (f flagSet) addBool(p *bool, name string, value bool, message string, args ...any) {
	f.FlagSet.BoolVar(p, name, value, i18n.M(message, args...).In(f.lang))
}

func (f flagSet) addInt(p *int, name string, value int, message string, args ...any) {
	f.FlagSet.IntVar(p, name, value, i18n.M(message, args...).In(f.lang))
	f.defaults(name, "0")
}

func (f flagSet) addDuration(p *time.Duration, name string, value time.Duration, message string, args ...any) {
	f.FlagSet.DurationVar(p, name, value, i18n.M(message, args...).In(f.lang))
}

// defaults names a flag's default in Chinese: pflag does in English, unless it is none.
func (f flagSet) defaults(name, none string) {
	flag := f.Lookup(name)
	if f.lang != i18n.Chinese || flag.DefValue == none {
		return
	}
	flag.Usage = i18n.M("help.with_default", "usage", flag.Usage, "default", flag.DefValue).In(f.lang)
	flag.DefValue = none
}

// helpWords puts what cobra itself says into the language of the help, of a command and all below it.
func (a *app) helpWords(root *cobra.Command) {
	if a.helps != i18n.Chinese {
		return
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultVersionFlag()
	root.SetUsageTemplate(strings.NewReplacer(
		"Usage:", a.help("help.usage"), "Aliases:", a.help("help.aliases"), "Examples:", a.help("help.examples"),
		"Available Commands:", a.help("help.commands"), "Additional Commands:", a.help("help.commands"),
		"Flags:", a.help("help.flags"), "Global Flags:", a.help("help.global_flags"),
		"Additional help topics:", a.help("help.topics"),
		`Use "{{.CommandPath}} [command] --help" for more information about a command.`, a.help("help.more", "command", "{{.CommandPath}}"),
	).Replace(root.UsageTemplate()))
	var each func(*cobra.Command)
	each = func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.Flags().Lookup("help").Usage = a.help("help.help")
		if cmd.Name() == "help" && cmd.Parent() == root {
			cmd.Short, cmd.Long = a.help("help.help_command"), a.help("help.help_command")
		}
		for _, sub := range cmd.Commands() {
			each(sub)
		}
	}
	each(root)
	if f := root.Flags().Lookup("version"); f != nil {
		f.Usage = a.help("help.version")
	}
}
