// What only the report pages run: the chart. Everything it shows stands in the table beside it.
import "uplot/dist/uPlot.min.css";
import "../css/reports.css";
import "./reports/sentiment_chart";
import "./reports/alert_chart";
