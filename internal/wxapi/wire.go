package wxapi

// The bodies of the calls as they stand on the wire (partner/4015781302 and its siblings). The sandbox uses them too,
// so that there is one place that says what they look like.

// Store is one store of a request or an answer; Code and Message only in an answer's failed_store_list.
type Store struct {
	StoreID string `json:"store_id"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// StoresRequest is the body of associate-stores and disassociate-stores. BrandID is required from a partner and must
// be absent from a brand's own call.
type StoresRequest struct {
	BrandID   string  `json:"brand_id,omitempty"`
	StoreList []Store `json:"store_list"`
}

// StoresAnswer is their answer. Either list may be missing when it is empty; TotalCount is after repeats were removed.
type StoresAnswer struct {
	TotalCount       int     `json:"total_count"`
	SuccessStoreList []Store `json:"success_store_list,omitempty"`
	FailedStoreList  []Store `json:"failed_store_list,omitempty"`
}

// ListAnswer is one page of associated-stores; NextPageToken is missing on the last.
type ListAnswer struct {
	TotalCount    int     `json:"total_count"`
	StoreList     []Store `json:"store_list,omitempty"`
	NextPageToken string  `json:"next_page_token,omitempty"`
}

// ErrorAnswer is the body of an answer that is no 200.
type ErrorAnswer struct {
	Code    string       `json:"code"`
	Message string       `json:"message"`
	Detail  *ErrorDetail `json:"detail,omitempty"`
}

// ErrorDetail points at what is wrong in the request: Field is a JSON pointer such as /body/store_list/3/store_id.
type ErrorDetail struct {
	Field    string `json:"field,omitempty"`
	Value    string `json:"value,omitempty"`
	Issue    string `json:"issue,omitempty"`
	Location string `json:"location,omitempty"`
}
