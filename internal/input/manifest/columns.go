package manifest

import (
	"slices"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
)

// The columns of a flat table, beside that of the store IDs.
const (
	colAccount = iota
	colBrand
	colCoupon
	colStock
	colBundle
	colPriority
	columns
)

// aliases are what the columns are called, as storelist.Fold gives them; the first is what errors call one.
var aliases = [columns][]string{
	colAccount:  {"account", "accountname", "账户", "账号", "帐户", "帐号", "账户名", "账户名称"},
	colBrand:    {"brandid", "brand", "品牌id", "品牌", "品牌编号", "品牌编码"},
	colCoupon:   {"productcouponid", "couponid", "coupon", "商品券id", "商品券", "商品券编号", "券id"},
	colStock:    {"stockid", "stock", "批次id", "批次", "批次号", "批次编号", "商品券批次id", "商品券批次号"},
	colBundle:   {"stockbundleid", "bundleid", "bundle", "stockbundle", "批次组id", "批次组", "批次组编号", "批次包id"},
	colPriority: {"priority", "优先级"},
}

// titles are the columns' names as errors tell them where they are missing.
var titles = [columns]string{"account", "brand_id", "product_coupon_id", "stock_id", "stock_bundle_id", "priority"}

// ids are the columns that hold IDs, and what errors call those.
var ids = [columns]i18n.Message{colBrand: i18n.M("manifest.brand_id"), colCoupon: i18n.M("manifest.coupon_id"), colStock: i18n.M("manifest.stock_id"),
	colBundle: i18n.M("manifest.bundle_id")}

// TargetColumns finds the columns of a table that hold stock IDs and stock bundle IDs, by their names; -1 for none.
func TargetColumns(header []string) (stock, bundle int) {
	find := func(c int) int {
		return slices.IndexFunc(header, func(name string) bool { return slices.Contains(aliases[c], storelist.Fold(name)) })
	}
	return find(colStock), find(colBundle)
}

// findColumns finds out what the columns hold.
func (f *flat) findColumns() error {
	if len(f.header) == 1 {
		return fail(f.o.Name, f.rows.HeaderLine(), "manifest.one_column", "column", storelist.Shown(f.header[0]))
	}
	taken := map[int]bool{}
	for c := range columns {
		f.at[c] = -1
		for i, name := range f.header {
			if !slices.Contains(aliases[c], storelist.Fold(name)) {
				continue
			}
			if f.at[c] >= 0 {
				return fail(f.o.Name, f.rows.HeaderLine(), "manifest.two_columns", "title", titles[c], "one", storelist.Shown(f.header[f.at[c]]), "other", storelist.Shown(name))
			}
			f.at[c], taken[i] = i, true
		}
	}
	var err error
	if f.id, err = f.rows.IDColumn(); err != nil {
		return err
	}
	switch {
	case f.at[colCoupon] < 0:
		return f.missing(titles[colCoupon])
	case f.at[colStock] < 0 && f.at[colBundle] < 0:
		return f.missing(titles[colStock], titles[colBundle])
	case taken[f.id]:
		return fail(f.o.Name, f.rows.HeaderLine(), "manifest.column_taken", "column", storelist.Shown(f.header[f.id]))
	}
	for i, name := range f.header {
		if !taken[i] && i != f.id && name != "" {
			f.manifest.Stats.Ignored = append(f.manifest.Stats.Ignored, name)
		}
	}
	return nil
}

// missing refuses a table that has neither of some columns.
func (f *flat) missing(either ...string) error {
	return fail(f.o.Name, f.rows.HeaderLine(), "manifest.no_column", "columns", either, "cells", shown(f.header))
}
